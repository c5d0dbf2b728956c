"""Allauth's forms where the portal wants more of them: a code counts once, enrolling is a proof, letters are queued."""

from typing import Any

from allauth.account.forms import LoginForm, ResetPasswordForm
from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.conf import settings
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.sign_in.evidence import record_change, record_lock_out
from paktaleem.directory.sign_in.receivers import moment_of
from paktaleem.foundation.accounts.addresses import client_address, public_address
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.jobs.enqueue import enqueue_job
from paktaleem.foundation.tenancy.ids import new_id

__all__ = [
    "SEND_PASSWORD_LINK",
    "EnrolKeyForm",
    "EnrolTotpForm",
    "ForgotPasswordForm",
    "FreshCodeForm",
    "OwnPasswordForm",
    "RenameKeyForm",
    "SignInForm",
    "StepUpCodeForm",
]

SEND_PASSWORD_LINK = "signin.send_password_link"  # noqa: S105 -- a task's name
_LOCKED = "too_many_login_attempts"


class SignInForm(LoginForm):  # type: ignore[misc]
    """Address and password; the address field is named as Django names it."""

    def add_prefix(self, field_name: str) -> str:
        """Call the address ``username`` in the page."""
        return str(super().add_prefix("username" if field_name == "login" else field_name))


class ForgotPasswordForm(ResetPasswordForm):  # type: ignore[misc]
    """An address to which a link is sent: by a job, whether or not it is anybody's, so both take as long."""

    def clean_email(self) -> str:
        """Accept any address."""
        return str(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **_options: Any) -> str:
        """Have the letter sent. The job is given an id, of nobody if need be, and no address."""
        address: str = self.cleaned_data["email"]
        found = User.objects.filter(email__iexact=address, is_active=True).values_list("pk", flat=True).first()
        enqueue_job(SEND_PASSWORD_LINK, user=str(found or new_id()), portal=public_address(request))
        return address


class OwnPasswordForm(AdminPasswordChangeForm):
    """One's own password: the change is recorded, and its owner told."""

    def save(self, commit: bool = True) -> User:  # noqa: FBT001, FBT002 -- Django's signature
        """Set it."""
        user: User = super().save(commit)
        record_change(user, "password_changed", at=moment_of(context.request))
        return user


def take_code(user: User, code: str) -> None:
    """Let a code of an authenticator count once for as long as it is valid. Raises ValidationError the second time.

    Allauth's own mark ends with the code's period, and so before the tolerance for wrong clocks does.
    """
    valid_for = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
    digits = "".join(code.split())
    if not cache.add(f"second-factor/{user.pk}/{digits}", value=True, timeout=valid_for):
        raise get_adapter().validation_error("incorrect_code")


class _CodeForm:
    """A code that counts once; what it says of guessing and of recovery codes is recorded."""

    user: User
    authenticator: Authenticator

    def clean_code(self) -> str:
        """Check the code, and take it; record, once while it lasts, that too many were tried."""
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except ValidationError as error:
            if error.code == _LOCKED:
                _record_closed(self.user)
            raise
        take_code(self.user, code)
        return code

    def save(self) -> None:
        """Accept it; whose recovery code was used is told."""
        super().save()  # type: ignore[misc]
        if self.authenticator.type == Authenticator.Type.RECOVERY_CODES:
            record_change(self.user, "code_used", at=moment_of(context.request))


def _record_closed(user: User) -> None:
    lasts = int(settings.AXES_COOLOFF_TIME.total_seconds())
    if cache.add(f"second-factor-closed/{user.pk}", value=True, timeout=lasts):
        address, at = client_address(context.request), moment_of(context.request)
        record_lock_out(closed="second_factor", name=user.email, address=address, at=at)


class FreshCodeForm(_CodeForm, AuthenticateForm):  # type: ignore[misc]
    """The second factor at sign-in: a code that was not used before."""


class StepUpCodeForm(_CodeForm, ReauthenticateForm):  # type: ignore[misc]
    """The second factor before a sensitive act: likewise."""


class EnrolTotpForm(ActivateTOTPForm):  # type: ignore[misc]
    """Enrolling an authenticator app: its first code is a proof for this session."""

    def clean_code(self) -> str:
        """Check the code, take it, and note the proof."""
        code: str = super().clean_code()
        take_code(self.user, code)
        record_authentication(context.request, self.user, "mfa", type="totp", reauthenticated=True)
        return code


class EnrolKeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """Enrolling a security key: likewise."""

    name = forms.CharField(label=_("Name of the key"), required=False)

    def clean(self) -> dict[str, Any]:
        """Check the key's answer, and note the proof."""
        cleaned: dict[str, Any] = super().clean()
        if cleaned.get("credential") and not self.errors:
            record_authentication(context.request, self.user, "mfa", type="webauthn", reauthenticated=True)
        return cleaned


class RenameKeyForm(EditWebAuthnForm):  # type: ignore[misc]
    """Naming a security key otherwise."""

    name = forms.CharField(label=_("Name of the key"))
