"""The three Django projects that are compared: ours, stock django-tenants, and no tenancy."""
