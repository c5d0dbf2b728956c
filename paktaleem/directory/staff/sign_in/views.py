"""Allauth's views, adapted."""

from typing import Any

from allauth.account import views as allauth_views
from allauth.mfa.adapter import get_adapter
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse_lazy
from django.utils.translation import gettext
from django.views.generic import RedirectView

from paktaleem.directory.staff.sign_in.evidence import record_change
from paktaleem.directory.staff.sign_in.receivers import moment_of

to_sign_in = RedirectView.as_view(pattern_name="admin:login", query_string=True)
"""Redirect from allauth's sign-in URL to the console's."""


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
    """Enrol an authenticator app."""

    change = "totp_added"


class RemoveTotpView(_RecordedChangeView, DeactivateTOTPView):  # type: ignore[misc]
    """Remove an authenticator app; the adapter keeps the last factor if one is required."""

    change = "totp_removed"


class AddKeyView(_RecordedChangeView, AddWebAuthnView):  # type: ignore[misc]
    """Enrol a security key."""

    change = "key_added"


class NewCodesView(_RecordedChangeView, GenerateRecoveryCodesView):  # type: ignore[misc]
    """Generate new recovery codes; the old ones become invalid."""

    change = "codes_renewed"


class RemoveKeyView(_RecordedChangeView, RemoveWebAuthnView):  # type: ignore[misc]
    """Remove a security key, unless it is the last factor and one is required."""

    change = "key_removed"

    def form_valid(self, form: Any) -> HttpResponse:
        if not get_adapter().can_delete_authenticator(self.get_object()):
            messages.error(
                self.request, gettext("This is your only second factor. Add another one before you remove it.")
            )
            return HttpResponseRedirect(self.get_success_url())
        return super().form_valid(form)


add_key = AddKeyView.as_view()
add_totp = AddTotpView.as_view()
forgot_password = ForgotPasswordView.as_view()
new_codes = NewCodesView.as_view()
new_password = NewPasswordView.as_view()
remove_key = RemoveKeyView.as_view()
remove_totp = RemoveTotpView.as_view()
