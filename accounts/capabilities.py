"""The capabilities of this app. Each may import those before it, and none after it.

`apps` and `urls` gather from this list.
"""

CAPABILITIES = (
    "users",
    "access",
    "console",
    "sign_in",
    "sessions",
    "handoffs",
    "onboarding",
    "profiles",
    "invitations",
    "messages",
    "members",
    "retention",
)
