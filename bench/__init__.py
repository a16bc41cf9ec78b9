"""Measures the service beside stock django-tenants and plain Django, in one run on one server."""
