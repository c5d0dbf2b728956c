"""The public page about cookies: the register, how browsers manage cookies, and the visitor's choice as a form."""

import re
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from consent.cookies.models.choices import BannerVersion, ChoiceSource, Visitor
from consent.cookies.selectors import find_banner, find_visitor
from consent.cookies.services.choices import (
    BannerOutdated,
    ChildMayNotAccept,
    ChoiceMade,
    NothingToChoose,
    record_choice,
)
from consent.cookies.views.signal import has_privacy_signal
from paktaleem.directory.access_links.decorators import client_page
from paktaleem.directory.access_links.limits import Limit, count_in_window
from paktaleem.foundation.accounts.ip_addresses import get_remote_address
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.requests import get_client_time
from paktaleem.foundation.public.pages import error_page, page_url, public_page
from paktaleem.foundation.tenancy.ids import PAKTALEEM

PAGE_LIMITS = (
    Limit("cookies-page/ip", 30, timedelta(minutes=1)),
    Limit("cookies-page/address", 120, timedelta(minutes=1)),
)
"""Choices and numbers sent with the form: per IP address, at all clients together, and per client."""
COOKIE_LIFE = timedelta(days=182)
_ON_PLATFORM = _("Optional cookies can be accepted only on the platform itself.")
_OUTDATED = _("The texts have changed. Please read them and choose again.")


@require_http_methods(["GET", "HEAD", "POST"])
@client_page
def show_cookies(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Show the page; a POST records the visitor's choice, or finds the choice of a number from the banner."""
    client = Client.objects.get(pk=client_id)
    if request.method == "POST":
        if not count_in_window(PAGE_LIMITS, address=str(client_id), ip=get_remote_address(request) or ""):
            return error_page(HTTPStatus.TOO_MANY_REQUESTS)
        return _take_number(request, client) if "number" in request.POST else _take_choice(request, client)
    return _render(request, client)


def _take_number(request: HttpRequest, client: Client) -> HttpResponse:
    token = _parse_uuid(request.POST["number"].strip())
    if find_visitor(client.pk, token) is None or token is None:
        refused = gettext("This number is not known here. Copy it from the cookie settings of the site.")
        return _render(request, client, number_error=refused, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _redirect(client, token)


def _take_choice(request: HttpRequest, client: Client) -> HttpResponse:
    accepted = [name.removeprefix("category_") for name, value in request.POST.items() if value == "accept"]
    made = ChoiceMade(
        version=_parse_number(request.POST.get("version", "")),
        language=_language(),
        accepted=accepted,
        source=ChoiceSource.PAGE,
        has_signal=has_privacy_signal(request),
        is_child=None,
    )
    try:
        recorded = record_choice(client, made, token=_read_token(request, client), at=get_client_time(request))
    except (BannerOutdated, NothingToChoose):
        return _render(request, client, error=_OUTDATED, status=HTTPStatus.CONFLICT)
    except ChildMayNotAccept:
        return _render(request, client, error=_ON_PLATFORM, status=HTTPStatus.FORBIDDEN)
    return _redirect(client, recorded.token)


def _redirect(client: Client, token: UUID) -> HttpResponse:
    """Return to the page, and keep the number in a cookie of this page alone."""
    response = HttpResponse(status=HTTPStatus.FOUND, headers={"Location": f"{_page_url(client)}&saved=1#choice"})
    response.set_cookie(
        _cookie_name(client),
        str(token),
        max_age=COOKIE_LIFE,
        path=_page_url(client).partition("?")[0],
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
    return response


def _page_url(client: Client) -> str:
    return page_url("cookies") if client.pk == PAKTALEEM else page_url("cookies-of", client.code)


def _cookie_name(client: Client) -> str:
    return f"cookie_choice_{client.code}"


def _read_token(request: HttpRequest, client: Client) -> UUID | None:
    return _parse_uuid(request.COOKIES.get(_cookie_name(client), ""))


def _render(request: HttpRequest, client: Client, *, status: int = HTTPStatus.OK, **values: Any) -> HttpResponse:
    banner = find_banner(client.pk)
    visitor = find_visitor(client.pk, _read_token(request, client))
    has_signal = has_privacy_signal(request)
    text = banner.content["texts"][_language()] if banner else {"categories": []}
    return public_page(
        request,
        "cookies/page.html",
        title=_("Cookies"),
        status=status,
        client=client,
        is_portal=client.pk == PAKTALEEM,
        support=settings.SUPPORT_ADDRESS,
        text=text,
        banner=banner,
        offered=_list_offered(client, banner, text, visitor, has_signal=has_signal),
        visitor=visitor,
        has_signal=has_signal,
        is_saved=visitor is not None and "saved" in request.GET,
        **values,
    )


def _list_offered(
    client: Client, banner: BannerVersion | None, text: dict[str, Any], visitor: Visitor | None, *, has_signal: bool
) -> list[dict[str, Any]]:
    """Return the optional categories: whether each is accepted now, and whether it may be accepted here."""
    if banner is None:
        return []
    words = {one["code"]: one for one in text["categories"]}
    given = set(visitor.given) if visitor else set()
    return [
        {
            **words[one["code"]],
            "is_given": one["code"] in given,
            "is_covered": has_signal and one["signal"],
            "may_accept": not client.serves_minors or one["code"] in given,
        }
        for one in banner.content["categories"]
    ]


def _language() -> str:
    return "ur" if (translation.get_language() or "").startswith("ur") else "en"


def _parse_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _parse_number(text: str) -> int:
    """Return the number of a version; 0, which no version has, for anything else."""
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else 0
