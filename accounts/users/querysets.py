"""QuerySets of users, and the manager that creates them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Self
from unicodedata import normalize

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import BaseUserManager
from django.db import transaction
from django.db.models import Count, DateField, F, Q, QuerySet, Value
from django.db.models.functions import Concat, Lower, TruncWeek

from accounts.users.errors import BulkChangeError
from accounts.users.signals import users_created
from tasks import addresses

if TYPE_CHECKING:
    from accounts.users.models import User


@dataclass(frozen=True)
class Opening:
    """How a new user's profile is opened: what the receiver can't read from the row."""

    welcome: bool = True
    email_verified: bool = False


class UserQuerySet(QuerySet["User"]):
    """Users, with bulk operations that keep related rows consistent."""

    def active(self) -> Self:
        return self.filter(is_active=True)

    def owners(self) -> Self:
        return self.filter(role="owner")

    def joined_since(self, moment: datetime) -> Self:
        return self.filter(joined_at__gte=moment)

    def with_addresses(self) -> Self:
        """Each with their allauth addresses, so that `is_verified` runs no query."""
        return self.prefetch_related("emailaddress_set")

    def search(self, words: str) -> Self:
        """Users with every word in their name or address."""
        found = self
        for word in normalize("NFC", words).split():
            stored = addresses.searched(word)
            found = found.filter(Q(full_name__icontains=word) | Q(email__icontains=stored))
        return found

    def with_sort_name(self, *, by_index: bool = True) -> Self:
        """Each with `sort_name`, by which lists sort without regard to case.

        Without `by_index`, PostgreSQL finds the rows first, and sorts them afterwards.
        """
        name = F("full_name") if by_index else Concat("full_name", Value(""))
        return self.annotate(sort_name=Lower(name))

    def count_by_standing(self) -> dict[str, int]:
        """Return the numbers of active and deactivated users, and of active users by role."""
        roles = [role for role, _name in self.model._meta.get_field("role").flatchoices]  # noqa: SLF001  # Documented, for all its name.
        return self.aggregate(
            active=Count("pk", filter=Q(is_active=True)),
            deactivated=Count("pk", filter=Q(is_active=False)),
            **{role: Count("pk", filter=Q(is_active=True, role=role)) for role in roles},
        )

    def count_by_week(self) -> dict[date, int]:
        """Return how many users joined each week, by its Monday; weeks without any are left out."""
        week = TruncWeek("joined_at", output_field=DateField())
        rows = self.order_by().annotate(week=week).values_list("week")
        return dict(rows.annotate(joined=Count("pk")))

    def without_profile(self) -> Self:
        """Users that should not exist: see `manage.py check_profiles`."""
        return self.filter(profile__isnull=True)

    def without_address(self) -> Self:
        """Users that should not exist: each user has an address in allauth."""
        return self.filter(emailaddress__isnull=True)

    def bulk_create(self, objs: Iterable["User"], *args: Any, **kwargs: Any) -> list["User"]:
        """Create users with their profiles: Django sends no `post_save` for these.

        Raises `BulkChangeError` for `ignore_conflicts` and `update_conflicts`: there is no
        telling which users are new.
        """
        if kwargs.get("ignore_conflicts") or kwargs.get("update_conflicts"):
            raise BulkChangeError
        with transaction.atomic(using=self.db):
            users = super().bulk_create(objs, *args, **kwargs)
            users_created.send(sender=self.model, users=users, using=self.db)
        return users

    def bulk_update(
        self, objs: Iterable["User"], fields: Iterable[str], batch_size: int | None = None
    ) -> int:
        """Update users. Raises `BulkChangeError` for addresses: the directory follows them."""
        if "email" in (names := list(fields)):
            raise BulkChangeError
        return super().bulk_update(objs, names, batch_size)

    def update(self, **kwargs: Any) -> int:
        """Update users. Raises `BulkChangeError` for addresses: the directory follows them."""
        if "email" in kwargs:
            raise BulkChangeError
        return super().update(**kwargs)


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]  # mypy takes no call for a base.
    """Creates users; the receiver and `UserQuerySet.bulk_create` add their related rows."""

    def create_user(
        self,
        email: str,
        password: str | None = None,
        *,
        password_hash: str | None = None,
        welcome: bool = True,
        email_verified: bool = False,
        **fields: Any,
    ) -> "User":
        """Create a user with profile and address, in one transaction.

        `password_hash` comes from `make_password`, for callers that hash outside their
        transaction. Without it and without `password`, the user can't sign in by password. Raises
        `ValidationError` for an address that no e-mail can be sent to.
        """
        user: User = self.model(email=email, **fields)
        user.opening = Opening(welcome=welcome, email_verified=email_verified)
        user.password = password_hash or make_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an operator: only in public, verified, and without a welcome message."""
        flags = {"is_staff": True, "is_superuser": True, **fields}
        return self.create_user(email, password, welcome=False, email_verified=True, **flags)

    def get_by_natural_key(self, username: str | None) -> "User":
        user: User = self.get(email=addresses.normalise(username or ""))
        return user
