"""The allauth adapter: no open sign-up, atomic changes, and e-mails through the outbox."""

from datetime import datetime, timedelta
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix, reverse
from django.utils.formats import date_format
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext_lazy as _, override

from accounts.access.decorators import start_of
from accounts.sign_in import emails
from accounts.sign_in.devices import remember_device
from accounts.sign_in.login_throttling import Budgets, reset_person, spend_guess
from accounts.users.models import Role, User
from tasks import addresses, outbox
from tasks.mail import EmailContent
from tenancy import rate_limits
from tenancy.context import current_workspace, is_public
from tenancy.errors import RateLimitedError

# allauth's template prefixes, and our deliveries. Every other prefix is a security notice.
DELIVERIES = {
    "account/email/email_confirmation": emails.send_code,
    "account/email/email_confirmation_signup": emails.send_code,
    "account/email/password_reset_key": emails.send_password_reset,
    "account/email/unknown_account": emails.send_unknown_account,
}
# A reset and a change send one notice: `password_reset` already names the e-mail with the link.
NEWS = {"password_reset": "password_changed"}
# The context values that a message's payload may hold: codes, links and plain text.
KEPT = ("code", "password_reset_url", "ip", "user_agent", "from_email", "to_email")


class Backend(AuthenticationBackend):
    """allauth's backend, which also loads the profile: every page's top bar shows it."""

    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.select_related("profile").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None

    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        """Query once for any address: allauth queries again unless it finds a verified one."""
        user = User.objects.filter(email=addresses.normalise(email)).first()
        found: User | None = self._check_password(user, password)
        return found


class AccountAdapter(DefaultAccountAdapter):
    """The adapter of tenants' members and of operators, each on their own host."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _(
            "This address and password don't go together. Check both, or choose a new password."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse open sign-up: users come by a tenant's sign-up, an invitation or a command."""
        return False

    def clean_email(self, email: str) -> str:
        return addresses.canonical(email)

    def is_safe_url(self, url: str | None) -> bool:
        """Whether a page may redirect to `url`: only a path on this host is safe.

        A value that is no path would be resolved as the name of a view.
        """
        is_path = url is not None and url.startswith("/")
        return is_path and url_has_allowed_host_and_scheme(url, None)

    # --- Login attempts ---

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt in our budgets first. Raises `ValidationError` when one is spent."""
        try:
            self._spent: Budgets = spend_guess(request, credentials.get("email", ""))
        except RateLimitedError as error:
            sentence = _(
                "Too many failed attempts. Wait about %(minutes)d min, or choose a new password: "
                "we e-mail you a link for that."
            )
            params = {"minutes": error.minutes, "refusal": error}
            raise ValidationError(sentence, "too_many_login_attempts", params) from error

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Return the user. A right password gives the attempt back to its budgets."""
        user: User | None = super().authenticate(request, **credentials)
        if user:
            rate_limits.give_back(*self._spent)
        return user

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """Remember the browser, so that strangers' failed logins no longer block it."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        remember_device(request, response, user.email)
        return response

    # --- Changes ---

    def set_password(self, user: User, password: str) -> None:
        """Write `password` only: the other fields may be older than the row in the table."""
        user.set_password(password)
        user.save(update_fields=["password"])
        reset_person(user.email)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Confirm an address completely, or not at all.

        allauth checks only whether another user has *confirmed* it. If another user holds it
        unconfirmed, a constraint fails half-way through.
        """
        try:
            with transaction.atomic():
                return bool(super().confirm_email(request, email_address))
        except IntegrityError:
            template = "account/messages/email_confirmation_failed.txt"
            context = {"email": email_address.email}
            self.add_message(request, messages.ERROR, template, context)
            return False

    # --- E-mails ---

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Notify a user of a change to the account, in the user's language, not the request's."""
        super().send_notification_mail(
            template_prefix, user, {**(context or {}), "user": user}, email
        )

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Enqueue the e-mail: no request waits for SMTP, whether the address is known or not."""
        delivery = DELIVERIES.get(template_prefix, emails.send_notice)
        name = template_prefix.removeprefix("account/email/")
        news = NEWS.get(name, name)
        user: User | None = context.get("user")
        code_entry: dict[str, Any] = {}
        if "code" in context:
            code_entry = {
                "code_url": _page("account_email_verification_sent"),
                "minutes": app_settings.EMAIL_VERIFICATION_BY_CODE_TIMEOUT // 60,
            }
        content = EmailContent(
            delivery.kind,
            to=email,
            language=user.language if user else get_language() or settings.LANGUAGE_CODE,
            context={
                **{key: str(context[key]) for key in KEPT if context.get(key)},
                "notice": news,
                **code_entry,
                "user_name": user.full_name if user else "",
                "when": _written(context.get("timestamp"), user),
            },
        )
        outbox.enqueue(
            delivery,
            kind=news if delivery is emails.send_notice else None,
            user_id=user.pk if user else None,
            payload=content.as_payload(),
            expires_in=_lifetime(delivery),
        )

    # --- Addresses ---

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Build the link from the tenant's primary domain, never from the request's Host."""
        page = _page("account_reset_password_from_key", uidb36="UID", key="KEY")
        return f"{page.removesuffix('UID-KEY/')}{key}/"

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("admin:index") if is_public() else reverse("home")

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        """Return the page after a confirmation: for administrators the console's next steps."""
        if is_public():
            return self.get_login_redirect_url(self.request)
        return start_of(self.request.user)

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        # In the URL: a message would open a new session after the old one was closed.
        return f"{reverse('account_login')}?signed-out"


def _lifetime(delivery: Any) -> timedelta | None:
    """Return a negative time for an e-mail that must not be sent; None for its policy's.

    A password reset runs the same queries and writes the same rows for known and unknown
    addresses, so that response times don't reveal which addresses have an account.
    """
    if delivery not in (emails.send_password_reset, emails.send_unknown_account):
        return None
    _origin()
    # Any visitor can open a tenant under any name, and would have us send e-mails in that name to
    # any address: with unconfirmed owners only, it sends none to addresses without an account.
    owners = EmailAddress.objects.filter(user__role=Role.OWNER, verified=True)
    is_confirmed = is_public() or owners.exists()
    is_to_stranger = delivery is emails.send_unknown_account
    return timedelta(seconds=-1) if is_to_stranger and not is_confirmed else None


def _page(name: str, **parts: str) -> str:
    """Return a page's URL for an e-mail, without the script prefix of the request."""
    path = reverse(name, kwargs=parts).removeprefix(get_script_prefix())
    return f"{_origin()}/{path}"


def _origin() -> str:
    """Return the origin of the current context's pages, by its primary domain."""
    return settings.BASE_ORIGIN if is_public() else current_workspace().origin


def _written(moment: datetime | None, user: User | None) -> str:
    """Return a moment in the user's language and time zone; empty without moment or user."""
    if moment is None or user is None:
        return ""
    with override(user.language):
        local = localtime(moment, user.zone)
        return f"{date_format(local, 'DATETIME_FORMAT')} ({local:%Z})"
