"""An app of one table in each tenant's schema: the measured migrations change it."""
