"""Allauth's views as the portal shows them."""

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

from paktaleem.directory.sign_in.evidence import record_change
from paktaleem.directory.sign_in.receivers import moment_of

__all__ = [
    "add_key",
    "add_totp",
    "forgot_password",
    "new_codes",
    "new_password",
    "remove_key",
    "remove_totp",
    "to_sign_in",
]

to_sign_in = RedirectView.as_view(pattern_name="admin:login", query_string=True)
"""Allauth's address of the sign-in page leads to the console's."""


class ForgotPasswordView(allauth_views.PasswordResetView):  # type: ignore[misc]
    """Ask for a letter with a link; the answer is the same for whoever has no account."""

    success_url = reverse_lazy("account_login")

    def form_valid(self, form: Any) -> HttpResponse:
        """Have the letter sent, and say what happens either way."""
        response: HttpResponse = super().form_valid(form)
        if response.status_code == HttpResponseRedirect.status_code:
            words = gettext("If there is an account with this address, a letter with a link is on its way.")
            messages.success(self.request, words)
        return response


class NewPasswordView(allauth_views.PasswordResetFromKeyView):  # type: ignore[misc]
    """Set a password by the letter's link; the second factor is asked for at sign-in all the same (ASVS 6.4.3)."""

    success_url = reverse_lazy("account_login")

    def form_valid(self, form: Any) -> HttpResponse:
        """Set it, and say so."""
        response: HttpResponse = super().form_valid(form)
        record_change(self.reset_user, "password_reset", at=moment_of(self.request))
        messages.success(self.request, gettext("The password is set: sign in with it."))
        return response


class _Recorded:
    """A view after which the account's owner signs in otherwise: recorded, and told, in the same transaction."""

    change: str
    request: Any

    def form_valid(self, form: Any) -> HttpResponse:
        """Do it, and record it."""
        answer: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        record_change(self.request.user, self.change, at=moment_of(self.request))
        return answer


class AddTotpView(_Recorded, ActivateTOTPView):  # type: ignore[misc]
    """Enrol an authenticator app."""

    change = "totp_added"


class RemoveTotpView(_Recorded, DeactivateTOTPView):  # type: ignore[misc]
    """Take an authenticator app off; the adapter keeps the last factor where one is demanded."""

    change = "totp_removed"


class AddKeyView(_Recorded, AddWebAuthnView):  # type: ignore[misc]
    """Enrol a security key."""

    change = "key_added"


class NewCodesView(_Recorded, GenerateRecoveryCodesView):  # type: ignore[misc]
    """Make recovery codes anew: the old ones open nothing any more."""

    change = "codes_renewed"


class RemoveKeyView(_Recorded, RemoveWebAuthnView):  # type: ignore[misc]
    """Remove a security key, unless it is the last factor and one is demanded."""

    change = "key_removed"

    def form_valid(self, form: Any) -> HttpResponse:
        """Remove it, or say why not."""
        if not get_adapter().can_delete_authenticator(self.get_object()):
            messages.error(self.request, gettext("It is your only second factor: add another before you remove it."))
            return HttpResponseRedirect(self.get_success_url())
        return super().form_valid(form)


add_key = AddKeyView.as_view()
add_totp = AddTotpView.as_view()
forgot_password = ForgotPasswordView.as_view()
new_codes = NewCodesView.as_view()
new_password = NewPasswordView.as_view()
remove_key = RemoveKeyView.as_view()
remove_totp = RemoveTotpView.as_view()
