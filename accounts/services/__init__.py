"""Services of this app: each function runs in one transaction."""

from accounts.services.files import (
    delete_stored,
    discard_pictures,
    schemas_with_pictures,
    settled,
    stored_pictures,
)
from accounts.services.handoffs import consume_handoff, issue_handoff
from accounts.services.invitations import (
    accept_invitation,
    accepted_just_now,
    find_invitation,
    invite,
    reinvite,
    revoke,
)
from accounts.services.members import change_role, deactivate, end_sessions, reactivate
from accounts.services.onboarding import preview, resend
from accounts.services.profiles import (
    change_picture,
    change_profile,
    complete,
    discard_picture,
    open_picture,
    open_profile,
    open_profiles,
)
from accounts.services.pruning import outlived, prune

__all__ = [
    "accept_invitation",
    "accepted_just_now",
    "change_picture",
    "change_profile",
    "change_role",
    "complete",
    "consume_handoff",
    "deactivate",
    "delete_stored",
    "discard_picture",
    "discard_pictures",
    "end_sessions",
    "find_invitation",
    "invite",
    "issue_handoff",
    "open_picture",
    "open_profile",
    "open_profiles",
    "outlived",
    "preview",
    "prune",
    "reactivate",
    "reinvite",
    "resend",
    "revoke",
    "schemas_with_pictures",
    "settled",
    "stored_pictures",
]
