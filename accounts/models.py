"""The models of this app's capabilities, where Django looks for them."""

from accounts.handoffs.models import Handoff
from accounts.invitations.models import Invitation
from accounts.profiles.models import Profile
from accounts.users.models import Role, User

__all__ = ["Handoff", "Invitation", "Profile", "Role", "User"]
