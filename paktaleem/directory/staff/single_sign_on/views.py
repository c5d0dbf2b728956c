"""Pages of single sign-on: choose the institution, go to its provider, come back."""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

import structlog
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import get_next_redirect_url, perform_login
from allauth.decorators import rate_limit
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from paktaleem.directory.staff.single_sign_on.exchange import (
    ClientProvider,
    Identity,
    SignOnRefused,
    open_secret,
    read_identity,
)
from paktaleem.directory.staff.single_sign_on.models import Provider
from paktaleem.directory.staff.single_sign_on.services import (
    Institution,
    find_or_link_user,
    find_provider,
    list_institutions,
)
from paktaleem.foundation.accounts.middleware import get_arrival_time
from paktaleem.foundation.accounts.models import Client, User
from paktaleem.foundation.accounts.selectors import find_client_by_code
from paktaleem.foundation.accounts.sessions import PROVIDER_FACTOR, SINGLE_SIGN_ON, find_sign_on
from paktaleem.foundation.tenancy.context import in_client, in_global

log = structlog.stdlib.get_logger(__name__)
_BACKEND = "paktaleem.foundation.accounts.backends.StaffBackend"
type View = Callable[..., HttpResponse]

_limited: Callable[[View], View] = rate_limit(action="single_sign_on")
"""Answers 429 if too many requests come from one address (``ACCOUNT_RATE_LIMITS``)."""


class ChooseInstitutionForm(forms.Form):
    """An email address; only its domain is looked at, and nothing is said about accounts."""

    email = forms.EmailField(label=_("Email address"), max_length=254)
    institutions: list[Institution]

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        domain = email.rpartition("@")[2]
        self.institutions = list_institutions(domain)
        if not self.institutions:
            words = gettext("No institution with single sign-on uses addresses at {domain}. Sign in with a password.")
            raise ValidationError(words.format(domain=domain))
        return email


@never_cache
@require_http_methods(["GET", "POST"])
@_limited
def choose_institution(request: HttpRequest) -> HttpResponse:
    """Ask for an email address, of which only the domain counts, and redirect to the institution's page."""
    form = ChooseInstitutionForm(request.POST or None)
    found = form.institutions if request.method == "POST" and form.is_valid() else []
    if len(found) == 1:
        return HttpResponseRedirect(_with_next(request, reverse("single_sign_on", args=[found[0].code])))
    links = [(name, _with_next(request, reverse("single_sign_on", args=[code]))) for code, name in found]
    return render(request, "single_sign_on/choose.html", {"form": form, "links": links})


@never_cache
@require_GET
@_limited
def go_to_provider(request: HttpRequest, code: str) -> HttpResponse:
    """Show where the person will sign in, with a link there. Without single sign-on at the client: 404."""
    client, provider = _find_configuration(code)
    start = ClientProvider(request, provider, code).start
    try:
        address = start(next_url=get_next_redirect_url(request), is_fresh="again" in request.GET)
    except SignOnRefused as refusal:
        return _refuse(request, client, refusal)
    context = {"institution": client.name, "address": address, "host": urlsplit(address).netloc}
    return render(request, "single_sign_on/go.html", context)


@never_cache
@require_GET
@_limited
def come_back(request: HttpRequest, code: str) -> HttpResponse:
    """Sign in the person whom the provider names, if they are a member of this client's staff."""
    client, provider = _find_configuration(code)
    at = get_arrival_time(request)
    try:
        with in_client(client.pk):
            secret = open_secret(provider)
        state, claims = ClientProvider(request, provider, code, secret).finish()
        identity = read_identity(claims, provider, is_fresh=state["data"]["is_fresh"], at=at)
        with in_client(client.pk):
            user = find_or_link_user(provider, identity, at=at)
    except SignOnRefused as refusal:
        return _refuse(request, client, refusal)
    return _sign_in(request, user, provider, identity, next_url=state.get("next"))


@never_cache
@require_GET
def sign_on_again(request: HttpRequest) -> HttpResponse:
    """Redirect to the provider of this session, which must ask the person to authenticate again."""
    with in_global():
        sign_on = find_sign_on(request)
    if sign_on is None:
        return HttpResponseRedirect(reverse("account_login"))
    with in_client(sign_on.client_id):
        code = Client.objects.values_list("code", flat=True).get(pk=sign_on.client_id)
    return HttpResponseRedirect(_with_next(request, reverse("single_sign_on", args=[code]), again="1"))


def _find_configuration(code: str) -> tuple[Client, Provider]:
    client_id = find_client_by_code(code)
    if client_id is None:
        raise Http404
    with in_client(client_id):
        provider = find_provider(client_id)
        if provider is None:
            raise Http404
        return Client.objects.get(pk=client_id), provider


def _sign_in(
    request: HttpRequest, user: User, provider: Provider, identity: Identity, *, next_url: str | None
) -> HttpResponse:
    when = identity.authenticated_at.timestamp() if identity.authenticated_at else 0.0
    where = {"client": str(provider.client_id), "provider": str(provider.pk)}
    user.backend = _BACKEND  # as django.contrib.auth.authenticate does
    with in_global():
        get_adapter().logout(request)  # also forgets other sign-ins of this browser that are not complete
        record_authentication(request, user, SINGLE_SIGN_ON, at=when, **where)
        if provider.honours_second_factor and identity.has_second_factor:
            record_authentication(request, user, "mfa", type=PROVIDER_FACTOR, at=when)
        answer: HttpResponse = perform_login(request, user, redirect_url=next_url)
    return answer


def _refuse(request: HttpRequest, client: Client, refusal: SignOnRefused) -> HttpResponse:
    log.warning("A single sign-on was refused", client_id=str(client.pk), reason=str(refusal))
    if str(refusal) == "cancelled":
        words = gettext("You cancelled the sign-in at your school’s account.")
    else:
        words = gettext(
            "Signing in with your school’s account did not work. Try again; if it fails again, ask your institution’s "
            "administrator."
        )
    messages.error(request, words)
    return HttpResponseRedirect(reverse("account_login"))


def _with_next(request: HttpRequest, address: str, **values: object) -> str:
    if wanted := get_next_redirect_url(request):
        values["next"] = wanted
    return f"{address}?{urlencode(values)}" if values else address
