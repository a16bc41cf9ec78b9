"""Tenants and domains as django-tenants' own documentation writes them."""
