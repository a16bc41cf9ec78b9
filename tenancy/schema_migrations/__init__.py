"""Migrates thousands of tenants' schemas while old and new code use them.

`runner` has the worker loop, `executor` applies steps to one schema, `plan_cache` works out which,
`rendering` makes steps of migrations, `locks` admits one worker at a time to a schema.
"""
