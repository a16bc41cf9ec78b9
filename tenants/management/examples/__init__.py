"""Believable organisations for a development database: who they are, and how they are made."""
