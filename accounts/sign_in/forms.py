"""allauth's forms with our labels, as `ACCOUNT_FORMS` names them."""

from typing import Any

from allauth.account import forms
from django.forms import EmailInput, Form
from django.utils.translation import gettext_lazy as _

from accounts.users.forms import EmailField
from accounts.users.models import User

EMAIL = _("E-mail address")
NEW_PASSWORD = _("New password")
AGAIN = _("New password (again)")
PASSWORD_HELP = _("At least 10 characters. A few words in a row are easy to remember.")


def name(form: Form, **labels: Any) -> None:
    """Label fields as our own forms do; a placeholder would only repeat the label."""
    for field, label in labels.items():
        form.fields[field].label = label
        form.fields[field].widget.attrs.pop("placeholder", None)


def name_new_password(form: Form) -> None:
    name(form, password1=NEW_PASSWORD, password2=AGAIN)
    form.fields["password1"].help_text = PASSWORD_HELP


class LoginForm(forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = EmailField(widget=self.fields["login"].widget)
        name(self, login=EMAIL, password=_("Password"), remember=_("Remember me"))


class EmailForm(forms.AddEmailForm):
    email = EmailField(label=EMAIL)


class ResetForm(forms.ResetPasswordForm):
    # False when enough e-mails have been sent already: the response is the same page.
    is_wanted = True
    email = EmailField(label=EMAIL, widget=EmailInput(attrs={"autocomplete": "email"}))

    def clean_email(self) -> str:
        """Query once for any address: allauth queries again unless it finds a verified one."""
        email: str = self.cleaned_data["email"]
        self.users = list(User.objects.active().filter(email=email))
        return email

    def save(self, request: Any, **kwargs: Any) -> str:
        if not self.is_wanted:
            return str(self.cleaned_data["email"])
        return str(super().save(request, **kwargs))


class ResetKeyForm(forms.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name_new_password(self)


class SetPasswordForm(forms.SetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name_new_password(self)


class ChangePasswordForm(forms.ChangePasswordForm):
    """A new password in place of the current one; the two must differ."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name(self, oldpassword=_("Current password"))
        name_new_password(self)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        present = cleaned.get("oldpassword")
        if present and present == cleaned.get("password1"):
            sentence = _("This is your password already. Choose another one.")
            self.add_error("password1", sentence)
        return cleaned


class CodeForm(forms.ConfirmEmailVerificationCodeForm):
    """The code from the e-mail; the empty field shows its format."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs.update(
            placeholder="XXXX-XXXX",
            autofocus=True,
            autocapitalize="characters",
            spellcheck="false",
        )
