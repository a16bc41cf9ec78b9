"""What no line of the apps may do, because a tenant's data would leak that way.

`code` holds the rules for Python, `templates` those for what browsers get. What is excepted
stands in `exceptions.toml`, each with its reason, and nowhere else.
"""
