"""Allauth's forms where the portal wants more of them: a code counts once, and enrolling is a proof."""

from typing import Any

from allauth.account.forms import LoginForm
from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django.core.cache import cache

from paktaleem.accounts.models import User

__all__ = ["EnrolKeyForm", "EnrolTotpForm", "FreshCodeForm", "SignInForm", "StepUpCodeForm"]


class SignInForm(LoginForm):  # type: ignore[misc]
    """Address and password; the address field is named as Django names it."""

    def add_prefix(self, field_name: str) -> str:
        """Call the address ``username`` in the page."""
        return str(super().add_prefix("username" if field_name == "login" else field_name))


def take_code(user: User, code: str) -> None:
    """Let a code of an authenticator count once for as long as it is valid. Raises ValidationError the second time.

    Allauth's own mark ends with the code's period, and so before the tolerance for wrong clocks does.
    """
    valid_for = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
    digits = "".join(code.split())
    if not cache.add(f"second-factor/{user.pk}/{digits}", value=True, timeout=valid_for):
        raise get_adapter().validation_error("incorrect_code")


class FreshCodeForm(AuthenticateForm):  # type: ignore[misc]
    """The second factor at sign-in: a code that was not used before."""

    def clean_code(self) -> str:
        """Check the code, and take it."""
        code: str = super().clean_code()
        take_code(self.user, code)
        return code


class StepUpCodeForm(ReauthenticateForm):  # type: ignore[misc]
    """The second factor before a sensitive act: likewise."""

    def clean_code(self) -> str:
        """Check the code, and take it."""
        code: str = super().clean_code()
        take_code(self.user, code)
        return code


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

    def clean(self) -> dict[str, Any]:
        """Check the key's answer, and note the proof."""
        cleaned: dict[str, Any] = super().clean()
        if cleaned.get("credential") and not self.errors:
            record_authentication(context.request, self.user, "mfa", type="webauthn", reauthenticated=True)
        return cleaned
