"""The capabilities of this app. Each may import those before it, and none after it.

`apps` and `urls` gather from this list.
"""

CAPABILITIES = (
    "organisations",
    "domains",
    "directory",
    "lifecycle",
    "signup",
    "settings",
    "home",
)
