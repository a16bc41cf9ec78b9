"""The signals of this app. They are sent with `send`: a receiver that raises undoes the change.

All are sent inside the transaction of the change, in the tenant's context. A receiver that leaves
the process enqueues a message (`tasks.outbox.enqueue`) or waits for the commit
(`transaction.on_commit(..., robust=True)`). The sender is the user model.
"""

from django.dispatch import Signal

# Users were created in bulk, where Django sends no `post_save`; in public as well.
# Arguments: `users` (list of User, saved), `using` (database alias).
users_created = Signal()

# A user was created in a tenant, in whichever way, with profile and address. Arguments: `user`.
member_joined = Signal()

# Arguments: `user`, and `by`, the user who changes the other one.
member_deactivated = Signal()
member_reactivated = Signal()

# Arguments: `user` with the new role, `before` (the old role), `by`.
role_changed = Signal()

# A user of a tenant was deleted. Arguments: `user`, as it was.
member_removed = Signal()
