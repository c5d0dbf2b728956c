"""Allauth's views and forms, adapted: single-use codes, enrolment as authentication, queued emails."""

from typing import Any

from allauth.account import views as allauth_views
from allauth.account.forms import LoginForm, ResetPasswordForm
from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse_lazy
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.directory.staff.sign_in.evidence import moment_of, record_change, record_lockout
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.sign_in_rules import get_public_url, get_remote_address
from paktaleem.foundation.console.forms import FormData
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.rows import new_id


class ForgotPasswordView(allauth_views.PasswordResetView):  # type: ignore[misc]
    """Request a password link by email; the response is the same for an unknown address."""

    success_url = reverse_lazy("account_login")

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        if response.status_code == HttpResponseRedirect.status_code:
            words = gettext("If an account with this address exists, an email with a link has been sent.")
            messages.success(self.request, words)
        return response


class NewPasswordView(allauth_views.PasswordResetFromKeyView):  # type: ignore[misc]
    """Set a password with the link of the email; the second factor is still required at sign-in (ASVS 6.4.3)."""

    success_url = reverse_lazy("account_login")

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        record_change(self.reset_user, "password_reset", at=moment_of(self.request))
        messages.success(self.request, gettext("The password is set. You can sign in with it now."))
        return response


class _RecordedChangeView:
    """View that changes a sign-in method; recorded, with a notification, in the same transaction."""

    change: str
    request: Any

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        record_change(self.request.user, self.change, at=moment_of(self.request))
        return response


class AddTotpView(_RecordedChangeView, ActivateTOTPView):  # type: ignore[misc]
    change = "totp_added"


class RemoveTotpView(_RecordedChangeView, DeactivateTOTPView):  # type: ignore[misc]
    """Remove an authenticator app; the adapter keeps the last factor if one is required."""

    change = "totp_removed"


class AddKeyView(_RecordedChangeView, AddWebAuthnView):  # type: ignore[misc]
    change = "key_added"


class NewCodesView(_RecordedChangeView, GenerateRecoveryCodesView):  # type: ignore[misc]
    change = "codes_renewed"


class RemoveKeyView(_RecordedChangeView, RemoveWebAuthnView):  # type: ignore[misc]
    """Remove a security key, unless it is the last factor and one is required."""

    change = "key_removed"

    def form_valid(self, form: Any) -> HttpResponse:
        if not get_adapter().can_delete_authenticator(self.get_object()):
            words = gettext("This is your only second factor. Add another one before you remove it.")
            messages.error(self.request, words)
            return HttpResponseRedirect(self.get_success_url())
        return super().form_valid(form)


SEND_PASSWORD_LINK = "signin.send_password_link"  # noqa: S105 -- a task's name
_LOCKED = "too_many_login_attempts"


class SignInForm(LoginForm):  # type: ignore[misc]
    """Sign-in form; the address field has Django's name."""

    def add_prefix(self, field_name: str) -> str:
        return str(super().add_prefix("username" if field_name == "login" else field_name))


class ForgotPasswordForm(ResetPasswordForm):  # type: ignore[misc]
    """Request a password link by email. The job is the same for an unknown address, so timing reveals nothing."""

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **_options: Any) -> str:
        address: str = self.cleaned_data["email"]
        found = User.objects.filter(email__iexact=address, is_active=True).values_list("pk", flat=True).first()
        enqueue_job(SEND_PASSWORD_LINK, user=str(found or new_id()), portal=get_public_url(request))
        return address


class OwnPasswordForm(AdminPasswordChangeForm):
    def save(self, commit: bool = True) -> User:  # noqa: FBT001, FBT002 -- Django's signature
        user: User = super().save(commit)
        record_change(user, "password_changed", at=moment_of(context.request))
        return user


def consume_code(user: User, code: str) -> None:
    """Mark a code of an authenticator as used for as long as it is valid. Raises ValidationError if it was used before.

    Allauth's own mark expires with the code's period, before the tolerance for clock differences does.
    """
    valid_for = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
    digits = "".join(code.split())
    if not cache.add(f"second-factor/{user.pk}/{digits}", value=True, timeout=valid_for):
        raise get_adapter().validation_error("incorrect_code")


class _CodeForm:
    """Single-use code; lockouts and used recovery codes are recorded."""

    user: User
    authenticator: Authenticator

    def clean_code(self) -> str:
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except ValidationError as error:
            duration = int(settings.AXES_COOLOFF_TIME.total_seconds())
            if error.code == _LOCKED and cache.add(f"second-factor-closed/{self.user.pk}", 1, timeout=duration):
                address, at = get_remote_address(context.request), moment_of(context.request)
                record_lockout(closed="second_factor", name=self.user.email, address=address, at=at)
            raise
        consume_code(self.user, code)
        return code

    def save(self) -> None:
        super().save()  # type: ignore[misc]
        if self.authenticator.type == Authenticator.Type.RECOVERY_CODES:
            record_change(self.user, "code_used", at=moment_of(context.request))


class FreshCodeForm(_CodeForm, AuthenticateForm):  # type: ignore[misc]
    """Second factor at sign-in: a code that was not used before."""


class StepUpCodeForm(_CodeForm, ReauthenticateForm):  # type: ignore[misc]
    """Second factor at re-authentication: a code that was not used before."""


class EnrolTotpForm(ActivateTOTPForm):  # type: ignore[misc]
    """Enrol an authenticator app; its first code counts as authentication in this session."""

    def clean_code(self) -> str:
        code: str = super().clean_code()
        consume_code(self.user, code)
        record_authentication(context.request, self.user, "mfa", type="totp", reauthenticated=True)
        return code


class EnrolKeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """Enrol a security key; it counts as authentication in this session."""

    name = forms.CharField(label=_("Name of the key"), required=False)

    def clean(self) -> FormData:
        cleaned: FormData = super().clean()
        if cleaned.get("credential") and not self.errors:
            record_authentication(context.request, self.user, "mfa", type="webauthn", reauthenticated=True)
        return cleaned


class RenameKeyForm(EditWebAuthnForm):  # type: ignore[misc]
    name = forms.CharField(label=_("Name of the key"))
