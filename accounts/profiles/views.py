"""A user's own profile and picture."""

from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access.client_ip import too_often, with_retry_after
from accounts.access.decorators import members_action, members_form
from accounts.access.requests import MemberRequest, takes_bodies_up_to
from accounts.profiles import services
from accounts.profiles.forms import PictureForm, ProfileForm
from accounts.profiles.models import Profile
from accounts.profiles.pictures import CONTENT_TYPE
from tenancy import rate_limits
from tenancy.errors import RateLimitedError
from tenancy.rate_limits import here

# A picture's URL changes with the picture, so browsers may cache it for a while.
PICTURE_SECONDS = 3600
# What a form holds besides its file, in bytes: boundaries, headers, the CSRF token.
FORM_AROUND_PICTURE = 64 * 1024


@members_form
def profile(request: MemberRequest) -> HttpResponse:
    """Show a user's own profile, and save changes."""
    form = ProfileForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        translation.activate(form.cleaned_data["language"])
        messages.success(request, _("Your profile is saved."))
        response = redirect("accounts:profile")
        # The chosen language replaces the language switch's.
        response.delete_cookie(
            settings.LANGUAGE_COOKIE_NAME, path=settings.LANGUAGE_COOKIE_PATH, samesite="Lax"
        )
        return response
    return _page(request, form, PictureForm())


@takes_bodies_up_to(settings.PICTURE_MAX_BYTES + FORM_AROUND_PICTURE)
@members_action("accounts:profile")
def change_picture(request: MemberRequest) -> HttpResponse:
    """Replace the user's picture."""
    try:
        rate_limits.spend(here("picture_person", str(request.user.pk)), here("picture_tenant"))
    except RateLimitedError as error:
        messages.error(request, too_often(error))
        return with_retry_after(
            _page(request, ProfileForm(user=request.user), PictureForm()), error
        )
    form = PictureForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, ProfileForm(user=request.user), form)
    services.change_picture(user=request.user, picture=form.cleaned_data["picture"])
    messages.success(request, _("Your picture is saved."))
    return redirect("accounts:profile")


@members_action("accounts:profile")
def remove_picture(request: MemberRequest) -> HttpResponse:
    """Remove the user's picture: pages show the initial again."""
    services.change_picture(user=request.user, picture=None)
    messages.success(request, _("Your picture is removed."))
    return redirect("accounts:profile")


@login_required
@require_safe
def picture(request: MemberRequest, user_id: UUID) -> FileResponse:
    """Serve a member's picture: only to members of this tenant, and to no shared cache."""
    owner = get_object_or_404(Profile, pk=user_id)
    content = services.open_picture(profile=owner)
    if content is None:
        raise Http404(f"{request.path_info} has no file.")
    response = FileResponse(content, content_type=CONTENT_TYPE)
    patch_cache_control(response, private=True, max_age=PICTURE_SECONDS)
    return response


def _page(request: MemberRequest, form: ProfileForm, picture_form: PictureForm) -> HttpResponse:
    context = {"form": form, "picture_form": picture_form}
    is_refused = form.errors or picture_form.errors
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else HTTPStatus.OK
    return render(request, "accounts/profile.html", context, status=status)
