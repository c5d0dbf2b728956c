"""Coming in: by a link, or by an address and a code. GET shows, POST acts."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from paktaleem.directory.access_links.forms import CodeForm, ContactForm
from paktaleem.directory.access_links.limits import ASKING, TRYING, take_slots
from paktaleem.directory.access_links.models import Door, Page, PageLink
from paktaleem.directory.access_links.selectors import client_of_link, live_link
from paktaleem.directory.access_links.services import Asked, ask_for_codes, open_by_code, open_by_link
from paktaleem.directory.access_links.sessions import (
    Knock,
    PageSession,
    forget_knock,
    forget_session,
    keep_knock,
    keep_session,
    new_knock,
    read_knock,
)
from paktaleem.directory.access_links.visits import at_client, in_client_context, public
from paktaleem.foundation.accounts.addresses import client_address
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.requests import as_received
from paktaleem.foundation.public.pages import error_page, page_address, public_page, redirect_to_page
from paktaleem.foundation.tenancy.context import in_global

__all__ = ["closed", "enter_code", "follow_link", "leave", "send_code", "start"]

TITLES: dict[str, Any] = {
    Page.CHOICES: _("Your privacy choices"),
    Page.GUARDIAN: _("Your child’s privacy: your decision"),
}
_GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])


@_GET_OR_POST
@at_client
def start(request: HttpRequest, client_id: UUID, page: str = Page.CHOICES) -> HttpResponse:
    """Ask for a code with an address; the answer is the same, and takes as long, whether the address is known."""
    client = Client.objects.get(pk=client_id)
    form = ContactForm(request.POST if request.method == "POST" else None, client=client)
    if form.is_valid():
        field, index = form.cleaned_data["contact"]
        asked = Asked(client_id, page, translation.get_language() or "en", field, index)
        return _ask(request, asked, new_knock(client_id, page, index.hex()))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return public_page(
        request,
        "doors/start.html",
        title=TITLES[page],
        status=status,
        page=page,
        form=form,
        client_name=client.name,
    )


def _ask(request: HttpRequest, asked: Asked, knock: Knock) -> HttpResponse:
    if not take_slots(ASKING, address=knock.address, ip=client_address(request) or ""):
        return error_page(HTTPStatus.TOO_MANY_REQUESTS)
    ask_for_codes(asked, knock=knock.digest)
    response = redirect_to_page(f"{asked.page}-code")
    keep_knock(response, knock, at=as_received(request).received_at)
    return response


@_GET_OR_POST
@public
def follow_link(request: HttpRequest, token: str, page: str = Page.CHOICES) -> HttpResponse:
    """Show where a link leads; its button opens the page, or has a code sent. Looking at it changes nothing."""
    client_id = client_of_link(token)
    if client_id is None:
        return _dead_link()
    return in_client_context(client_id, lambda: _answer_link(request, _live(request, token, page)))


def _live(request: HttpRequest, token: str, page: str) -> PageLink | None:
    return live_link(token, page=page, at=as_received(request).received_at)


def _answer_link(request: HttpRequest, link: PageLink | None) -> HttpResponse:
    if link is None:
        return _dead_link()
    if request.method != "POST":
        name = Client.objects.values_list("name", flat=True).get(pk=link.client_id)
        return public_page(request, "doors/link.html", title=TITLES[link.page], link=link, client_name=name)
    if link.needs_code:
        return send_code(request, link)
    if not open_by_link(link, at=as_received(request).received_at):
        return _dead_link()
    return _let_in(request, link)


def send_code(request: HttpRequest, link: PageLink) -> HttpResponse:
    """Have a code sent to the known address of an invitation's person, and lead to where it is typed."""
    asked = Asked(link.client_id, link.page, translation.get_language() or "en", link_id=link.id)
    return _ask(request, asked, new_knock(link.client_id, link.page, str(link.id)))


def _dead_link() -> HttpResponse:
    return error_page(
        HTTPStatus.NOT_FOUND,
        title=_("This link does not open anything any more"),
        advice=_("A link works once, and not for long. Go back to where you found it and ask for a new one."),
    )


@_GET_OR_POST
@public
def enter_code(request: HttpRequest, page: str = Page.CHOICES) -> HttpResponse:
    """Take the code that was sent, in the browser that asked for it; every attempt counts."""
    knock = read_knock(request, page, at=as_received(request).received_at)
    if knock is None:
        with in_global():
            return closed(request)
    return in_client_context(knock.client_id, lambda: _answer_code(request, knock))


def _answer_code(request: HttpRequest, knock: Knock) -> HttpResponse:
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and not take_slots(TRYING, address=knock.address, ip=client_address(request) or ""):
        return error_page(HTTPStatus.TOO_MANY_REQUESTS)
    if form.is_valid():
        at = as_received(request).received_at
        code = form.cleaned_data["code"]
        door = open_by_code(code, client_id=knock.client_id, page=knock.page, knock=knock.digest, at=at)
        if door is not None:
            response = _let_in(request, door)
            forget_knock(response, knock.page)
            return response
        form.add_error("code", _("This code is not right, or no longer valid."))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    client = Client.objects.get(pk=knock.client_id)
    again = page_address(f"{knock.page}-start", client.code)
    values: dict[str, Any] = {"form": form, "client": client, "again": again}
    return public_page(request, "doors/code.html", title=_("Enter the code"), status=status, **values)


def _let_in(request: HttpRequest, door: Door) -> HttpResponse:
    at = as_received(request).received_at
    acts_for = door.child_id or door.subject_id
    response = redirect_to_page(door.page)
    keep_session(response, PageSession(door.client_id, door.subject_id, acts_for, door.page, at, door.channel), at=at)
    return response


@require_http_methods(["POST"])
@public
def leave(request: HttpRequest, page: str = Page.CHOICES) -> HttpResponse:
    """Forget who came in, in this browser."""
    with in_global():
        response = public_page(request, "doors/left.html", title=_("You have left"))
    forget_session(response, page)
    return response


def closed(request: HttpRequest) -> HttpResponse:
    """Tell somebody who has not come in, or whose time is over, how to."""
    return public_page(request, "doors/closed.html", title=_("This page is closed"), status=HTTPStatus.FORBIDDEN)
