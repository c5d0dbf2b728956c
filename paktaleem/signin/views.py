"""Allauth's views as the portal shows them."""

from typing import Any

from allauth.account import views as allauth_views
from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse_lazy
from django.views.generic import RedirectView

__all__ = ["forgot_password", "new_password", "remove_key", "to_sign_in"]

to_sign_in = RedirectView.as_view(pattern_name="admin:login", query_string=True)
"""Allauth's address of the sign-in page leads to the console's."""


class ForgotPasswordView(allauth_views.PasswordResetView):  # type: ignore[misc]
    """Ask for a letter with a link; the answer is the same for whoever has no account."""

    success_url = reverse_lazy("account_login")

    def form_valid(self, form: Any) -> HttpResponse:
        """Send the letter, and say what happens either way."""
        response: HttpResponse = super().form_valid(form)
        if response.status_code == HttpResponseRedirect.status_code:
            words = "If there is an account with this address, a letter with a link is on its way."
            messages.success(self.request, words)
        return response


class NewPasswordView(allauth_views.PasswordResetFromKeyView):  # type: ignore[misc]
    """Set a password by the letter's link; the second factor is asked for at sign-in all the same (ASVS 6.4.3)."""

    success_url = reverse_lazy("account_login")

    def form_valid(self, form: Any) -> HttpResponse:
        """Set it, and say so."""
        response: HttpResponse = super().form_valid(form)
        messages.success(self.request, "The password is set: sign in with it.")
        return response


class RemoveKeyView(RemoveWebAuthnView):  # type: ignore[misc]
    """Remove a security key, unless it is the last factor and one is demanded."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Remove it, or say why not."""
        if not get_adapter().can_delete_authenticator(self.get_object()):
            messages.error(self.request, "It is your only second factor: add another before you remove it.")
            return HttpResponseRedirect(self.get_success_url())
        answer: HttpResponse = super().form_valid(form)
        return answer


forgot_password = ForgotPasswordView.as_view()
new_password = NewPasswordView.as_view()
remove_key = RemoveKeyView.as_view()
