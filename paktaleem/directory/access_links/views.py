"""Sign-in to a person's own page: by an access link, or by contact and one-time code. GET shows, POST acts."""

import re
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_lazy as _
from django.views.decorators.http import require_http_methods

from paktaleem.directory.access_links.models import AccessGrant, Page, PageLink
from paktaleem.directory.access_links.services import (
    ATTEMPT_LIMITS,
    CODE_LIFE,
    LINK_REQUEST_LIMITS,
    REQUEST_LIMITS,
    RIGHTS_ATTEMPT_LIMITS,
    RIGHTS_PERSON_LIMITS,
    CodeRequest,
    Limit,
    client_of_link,
    count_attempt,
    count_code,
    count_guess,
    find_live_link,
    find_next_attempt,
    list_people_of_code,
    message_key,
    note_code,
    redeem_code,
    redeem_link,
    request_codes,
)
from paktaleem.directory.access_links.sessions import (
    CODE_DIGITS,
    GET_OR_POST,
    POST,
    Knock,
    PageSession,
    client_page,
    closed,
    delete_page_session,
    delete_pending_code,
    end_session,
    in_client_context,
    new_token,
    public_page_headers,
    read_pending_code,
    read_session,
    set_page_session,
    set_pending_code,
)
from paktaleem.directory.mail.models import Channel
from paktaleem.directory.people.details import contact_index, parse_contact
from paktaleem.foundation.accounts.middleware import as_received
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.sign_in_rules import get_remote_address
from paktaleem.foundation.tenancy.context import in_global
from paktaleem.foundation.text.times import format_time
from paktaleem.foundation.web.public.pages import (
    OWN_PAGE,
    error_page,
    page_url,
    public_page,
    redirect_to_page,
)

_EASTERN = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


class ContactForm(forms.Form):
    contact = forms.CharField(
        label=_("Your email address or mobile number"),
        help_text=_("The one your school or institution knows."),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "email", "dir": "ltr", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, client: Client, **kwargs: Any) -> None:
        self.client = client
        super().__init__(*args, **kwargs)

    def clean_contact(self) -> tuple[str, bytes, str]:
        text, region = self.cleaned_data["contact"], self.client.country
        try:
            field, index = contact_index(self.client.pk, text, region=region)
            return field, index, message_key(parse_contact(text, region=region)[1])
        except ValueError as error:
            raise forms.ValidationError(_("This is not an email address or a phone number.")) from error


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("The code"),
        help_text=_("Eight digits, from the email or text message."),
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "dir": "ltr"}),
    )

    def clean_code(self) -> str:
        digits = re.sub("[^0-9]", "", self.cleaned_data["code"].translate(_EASTERN))
        if len(digits) != CODE_DIGITS:
            raise forms.ValidationError(_("The code has eight digits."))
        return digits


TITLES: dict[str, Any] = {
    Page.CHOICES: _("Your privacy choices"),
    Page.GUARDIAN: _("Your child’s privacy: your decision"),
    Page.REQUESTS: _("Your requests about your data"),
}


@client_page
def start(request: HttpRequest, client_id: UUID, page: str = Page.CHOICES) -> HttpResponse:
    """Request a one-time code for a contact; response and timing do not reveal whether the contact is known."""
    client = Client.objects.get(pk=client_id)
    form = ContactForm(request.POST if request.method == "POST" else None, client=client)
    if form.is_valid():
        field, index, message_key = form.cleaned_data["contact"]
        code_request = CodeRequest(client_id, page, translation.get_language() or "en", field, index)
        knock = Knock(client_id, page, new_token(), index.hex())
        return _request_code(request, code_request, knock, message_key=message_key)
    return public_page(request, "doors/start.html", title=TITLES[page], page=page, form=form, client=client)


def _request_code(
    request: HttpRequest, code_request: CodeRequest, knock: Knock, *, message_key: str = ""
) -> HttpResponse:
    # ``message_key`` is that of a contact that anyone can name. If no more codes are sent to it now, the browser keeps
    # the code that it requested before.
    ip, at = get_remote_address(request) or "", as_received(request).received_at
    limits = REQUEST_LIMITS if message_key else LINK_REQUEST_LIMITS
    if not count_attempt(limits, address=knock.address, ip=ip):
        return _too_many(knock.client_id, find_next_attempt(limits, address=knock.address, ip=ip))
    next_at = count_code(message_key, ip=ip) if message_key else None
    earlier = read_pending_code(request, knock.page, at=at)
    if earlier is not None and (earlier.client_id, earlier.address) != (knock.client_id, knock.address):
        earlier = None
    if next_at is None:
        note_code(knock.digest.hex(), address=knock.address, after=earlier.digest.hex() if earlier else "")
        request_codes(code_request, knock=knock.digest)
    else:
        knock = replace(earlier or knock, next_at=next_at)
    response = redirect_to_page(f"{code_request.page}-code")
    set_pending_code(response, knock, at=at)
    return response


def _too_many(client_id: UUID, next_at: datetime) -> HttpResponse:
    advice = gettext(
        "You can try again after {time}. A code that you have already requested, a link of your school’s platform or "
        "in a message to you, and the paper form work at any time."
    )
    client = Client.objects.get(pk=client_id)
    return error_page(HTTPStatus.TOO_MANY_REQUESTS, advice=advice.format(time=_format_time(client, next_at)))


def _format_time(client: Client, at: datetime) -> str:
    with timezone.override(client.time_zone):
        return format_time(at)


@require_http_methods(GET_OR_POST)
@public_page_headers
def follow_link(request: HttpRequest, token: str, page: str = Page.CHOICES) -> HttpResponse:
    """Show where an access link leads; its button opens the page or sends a code. GET changes nothing."""
    client_id = client_of_link(token)
    if client_id is None:
        return _invalid_link()
    at = as_received(request).received_at
    return in_client_context(client_id, lambda: _answer_link(request, find_live_link(token, page=page, at=at)))


def _answer_link(request: HttpRequest, link: PageLink | None) -> HttpResponse:
    if link is None:
        return _invalid_link()
    if request.method != "POST":
        client = Client.objects.get(pk=link.client_id)
        return public_page(request, "doors/link.html", title=TITLES[link.page], link=link, client=client)
    if link.needs_code:
        return send_code(request, link)
    if not redeem_link(link, at=as_received(request).received_at):
        return _invalid_link()
    return _open_page(request, link)


def send_code(request: HttpRequest, link: PageLink, *, by_contact: bool = False, leads_to: str = "") -> HttpResponse:
    """Send a code to the contact on file of a link's person, and redirect to the page where it is entered.

    With ``by_contact``, and for rights requests, attempts are counted by the contact, so that another link does not
    reset them. ``leads_to`` is the page that the code opens, if not the first one.
    """
    code_request = CodeRequest(link.client_id, link.page, translation.get_language() or "en", link_id=link.id)
    index = link.subject.phone_index if link.channel == Channel.TEXT else link.subject.email_index
    key = str(link.id)
    if index is not None and (by_contact or link.page == Page.REQUESTS):
        key = bytes(index).hex()
    return _request_code(request, code_request, Knock(link.client_id, link.page, new_token(), key, leads_to))


def _invalid_link() -> HttpResponse:
    return error_page(
        HTTPStatus.NOT_FOUND,
        title=_("This link is no longer valid"),
        advice=_("A link works once, and only for a short time. Go back to where you found it and request a new one."),
    )


@require_http_methods(GET_OR_POST)
@public_page_headers
def enter_code(request: HttpRequest, page: str = Page.CHOICES) -> HttpResponse:
    """Check the code in the browser that requested it; every attempt counts."""
    knock = read_pending_code(request, page, at=as_received(request).received_at)
    if knock is None:
        with in_global():
            return closed(request)
    return in_client_context(knock.client_id, lambda: _answer_code(request, knock))


def _answer_code(request: HttpRequest, knock: Knock) -> HttpResponse:
    form = CodeForm(request.POST if request.method == "POST" else None)
    totals, ip = _limits_of_guesses(knock), get_remote_address(request) or ""
    if form.is_bound and not count_guess(totals, knock=knock.digest.hex(), address=knock.address, ip=ip):
        next_at = max(find_next_attempt(limits, address=key, ip=ip) for limits, key in totals)
        kept_until = as_received(request).received_at + CODE_LIFE  # attempts are kept for codes that live no longer
        return _too_many(knock.client_id, max(next_at, kept_until))
    if form.is_valid():
        at = as_received(request).received_at
        code = form.cleaned_data["code"]
        redeemed = redeem_code(code, client_id=knock.client_id, page=knock.page, knock=knock.digest, at=at)
        if redeemed is not None:
            response = _open_page(request, redeemed, leads_to=knock.leads_to)
            delete_pending_code(response, knock.page)
            return response
        form.add_error("code", _("This code is wrong or no longer valid."))
    client = Client.objects.get(pk=knock.client_id)
    return public_page(
        request,
        "doors/code.html",
        title=_("Enter the code"),
        form=form,
        client=client,
        again=page_url(f"{knock.page}-start", client.code),
        next_at=_format_time(client, knock.next_at) if knock.next_at else "",
    )


def _limits_of_guesses(knock: Knock) -> list[tuple[tuple[Limit, ...], str]]:
    if knock.page != Page.REQUESTS:
        return [(ATTEMPT_LIMITS, knock.address)]
    people = list_people_of_code(knock.client_id, page=knock.page, knock=knock.digest)  # each may have two contacts
    keys = [str(one) for one in people] or [f"unknown/{knock.address}"]  # so that both take equally long
    return [(RIGHTS_ATTEMPT_LIMITS, knock.address), *((RIGHTS_PERSON_LIMITS, key) for key in keys)]


def _open_page(request: HttpRequest, redeemed: AccessGrant, *, leads_to: str = "") -> HttpResponse:
    at = as_received(request).received_at
    acts_for = redeemed.child_id or redeemed.subject_id
    response = HttpResponseRedirect(leads_to) if leads_to else redirect_to_page(redeemed.page)
    who = redeemed.client_id, redeemed.subject_id, acts_for
    set_page_session(response, PageSession(*who, redeemed.page, at, redeemed.channel), at=at)
    return response


@require_http_methods(POST)
@public_page_headers
def leave(request: HttpRequest, page: str = Page.CHOICES) -> HttpResponse:
    """End the session; with one code for both, also that of one's own choices or of one's children."""
    session = read_session(request, page, at=as_received(request).received_at)
    if session is not None:
        end_session(session)
    with in_global():
        response = public_page(request, "doors/left.html", title=_("You have left"))
    for one in (Page.CHOICES, Page.GUARDIAN) if page != Page.REQUESTS else (page,):
        delete_page_session(response, one)
    return response


leave.__dict__[OWN_PAGE] = Page.CHOICES


def own_page_urls(page: Page, start_at: str = "<str:client>/") -> list[URLPattern]:
    """Return the addresses of an own page at which people ask for a code, enter it, and leave."""
    which = {"page": page}
    return [
        path("code/", enter_code, which, name=f"{page}-code"),
        path("leave/", leave, which, name=f"{page}-leave"),
        path(start_at, start, which, name=f"{page}-start"),
    ]
