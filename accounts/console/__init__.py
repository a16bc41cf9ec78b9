"""The tenant admin console."""
