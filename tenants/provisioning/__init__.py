"""Provisioning: a tenant's schema without the wait, from a script that real migrations made."""
