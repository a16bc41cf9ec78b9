"""The signals of a tenant's life. They are sent with `send`: a receiver that raises undoes it.

All are sent inside the transaction of the change, in the tenant's context. A receiver that leaves
the process enqueues a message (`tasks.outbox.enqueue`) or waits for the commit
(`transaction.on_commit(..., robust=True)`). The sender is the tenant model.
"""

from django.dispatch import Signal

# Arguments: `tenant`, and `owner`, its first user.
tenant_opened = Signal()

# Arguments: `tenant`.
tenant_suspended = Signal()
tenant_resumed = Signal()

# The schema is still there. In the role that owns all schemas. Arguments: `tenant`.
tenant_deleting = Signal()
