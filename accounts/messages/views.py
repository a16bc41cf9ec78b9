"""Onboarding e-mails: which were sent, what they say, and sending them again."""

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp, csp_update
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin

from accounts.access.decorators import admins_action, admins_page, is_verified
from accounts.access.requests import MemberRequest
from accounts.console.pages import attempt, show_list
from accounts.console.pagination import Order, a_moment, page_of
from accounts.messages import services
from accounts.messages.entries import Entry, entries
from accounts.messages.filters import MessageFilter
from tasks import addresses, mail
from tasks.models import Message
from tasks.querysets import MessageQuerySet
from tenancy.context import current_schema

NEWEST = Order("created_at", a_moment, descending=True)
# An e-mail brings its own styles, and nothing else: no script, no picture, no link that
# navigates the console. Only the console may frame it.
CONTENT_POLICY = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": [True],
}


def onboarding() -> MessageQuerySet:
    """Return this workspace's onboarding messages, from the table that all tenants share."""
    return Message.objects.of_schema(current_schema()).onboarding()


@admins_page("messages.view")
def messages(request: MemberRequest) -> HttpResponse:
    """List the messages, newest first."""
    chosen = MessageFilter(request.GET, onboarding())
    page = page_of(chosen.qs, NEWEST, query=request.GET)
    context = {
        "filter": chosen,
        "page": page,
        "entries": entries(page.rows),
        "is_moved": bool(request.GET.keys() & {"after", "before"}),
    }
    return show_list(request, "console/messages.html", "console/_messages.html", context)


@csp_update({"frame-src": [SELF]})
@admins_page("messages.view")
def message(request: MemberRequest, message_id: str) -> HttpResponse:
    """Show one message's delivery state and its content."""
    entry = _find(message_id)
    written = services.preview(message=entry.message)
    context = {
        "entry": entry,
        "email": mail.render(written) if written else None,
        "may_act": is_verified(request.user),
    }
    return render(request, "console/message.html", context)


@csp(CONTENT_POLICY)
@xframe_options_sameorigin
@admins_page("messages.view")
def content(_request: MemberRequest, message_id: str) -> HttpResponse:
    """Return the e-mail's HTML alone, for the frame in the message's page."""
    written = services.preview(message=_find(message_id).message)
    if written is None:
        raise Http404
    html, _kind = mail.render(written).alternatives[0]
    return HttpResponse(html)


@admins_action("messages.resend", "console:message", "message_id")
def resend(request: MemberRequest, message_id: str) -> HttpResponse:
    """Send a message again."""
    entry = _find(message_id)
    attempt(
        request,
        lambda: services.resend(message=entry.message),
        done=_("The e-mail is on its way to %(email)s again.")
        % {"email": addresses.shown(entry.address)},
    )
    return redirect("console:messages")


def _find(message_id: str) -> Entry:
    return entries([get_object_or_404(onboarding(), pk=message_id)])[0]
