"""The signals of this app."""

from django.dispatch import Signal

# Users were created in bulk, where Django sends no `post_save`.
# Arguments: `users` (list of User, saved), `using` (database alias); within the transaction.
users_created = Signal()
