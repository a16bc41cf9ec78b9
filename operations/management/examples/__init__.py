"""Realistic example organisations for a development database: their data and its creation."""
