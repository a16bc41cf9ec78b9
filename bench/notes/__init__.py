"""An app of one table in each tenant's schema: what the fleet's migrations change."""
