"""The page on which a guardian requests a check by the provider that the school has enabled."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from children.guardians.models.guardians import VerificationMethod
from children.guardians.models.mechanisms import CheckState, ProviderCheck
from children.guardians.providers import ProviderUnknown, check_providers
from children.guardians.selectors.guardians import find_check_url, find_latest_check
from children.guardians.services.checks import MethodNotOffered, TooManyChecks, request_check
from children.guardians.services.guardians import AlreadyEnded
from children.guardians.services.verifications import MayNotConsent
from consent.guardian_pages.views.child_views import ChildView, about_child
from consent.guardian_pages.views.pages import redirect_to_child
from paktaleem.foundation.accounts.ip_addresses import get_public_url
from paktaleem.foundation.accounts.requests import get_client_time
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.console.forms import set_choices
from paktaleem.foundation.public.pages import public_page, redirect_to_page

_REFUSED = (ProviderUnknown, MethodNotOffered, MayNotConsent, AlreadyEnded)


class MethodForm(forms.Form):
    """Form to choose the method of the check."""

    method = forms.ChoiceField(label=_("How would you like to be checked?"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, provider: str, **kwargs: Any) -> None:
        """Offer the methods of this provider."""
        super().__init__(*args, **kwargs)
        offered = check_providers()[provider].methods
        set_choices(self, "method", [(one.value, one.label) for one in VerificationMethod if one.value in offered])


@require_http_methods(["GET", "HEAD", "POST"])
@about_child
def ask_for_check(request: HttpRequest, ward: ChildView) -> HttpResponse:
    """Show the state of the latest check and offer a new one; the worker starts it after this request."""
    latest = find_latest_check(ward.guardianship)
    if ward.provider is None:
        return redirect_to_child(
            ward, "checked" if latest is not None and latest.state == CheckState.PASSED else "nothing"
        )
    form = MethodForm(request.POST if request.method == "POST" else None, provider=ward.provider)
    if form.is_valid():
        return _request_check(request, ward, ward.provider, form.cleaned_data["method"])
    return public_page(
        request,
        "guardian/check.html",
        title=_("Show that it is you"),
        client=ward.child.client,
        ward=ward,
        form=form,
        check=latest,
        under_way=latest is not None and latest.is_open,
        url=_url(latest),
    )


def _url(check: ProviderCheck | None) -> str | None:
    return find_check_url(check) if check is not None else None


def _request_check(request: HttpRequest, ward: ChildView, provider: str, method: str) -> HttpResponse:
    answers = reverse("guardian-check-answer", args=[ward.child.client.code, provider])
    context: dict[str, Any] = {"actor": ward.actor, "reason": Reason.SUBJECT_REQUEST, "at": get_client_time(request)}
    try:
        answer_to = get_public_url(request) + answers
        request_check(ward.guardianship, provider=provider, method=method, answer_to=answer_to, **context)
    except TooManyChecks:
        return redirect_to_child(ward, "often")
    except _REFUSED:
        return redirect_to_child(ward, "nothing")
    return redirect_to_page("guardian-check-own", ward.child.pk)
