"""Migrating the fleet: thousands of schemas, while old and new code serve them.

`runner` has the loop, `stepping` what happens to one schema, `routes` what there is to do from
where, `rendering` what of that is plain SQL, `claims` how workers keep out of each other's way.
"""
