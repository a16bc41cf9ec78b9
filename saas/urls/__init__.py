"""The URL roots: `base` for the service's own host, `tenant` for every tenant's."""
