"""Provisioning: a tenant's schema in short time, from a snapshot of what the migrations make."""
