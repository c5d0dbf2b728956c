"""Receipts as printable pages, in both languages."""

from typing import TYPE_CHECKING
from uuid import UUID

import segno
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from consent.consents.models import ConsentEvent
from consent.receipts.receipt import PortalUrls, find_event_id, make_receipt_code
from consent.receipts.services import get_record_facts
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.services import issue_link
from paktaleem.directory.access_links.sessions import client_page
from paktaleem.directory.access_links.views import send_code
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.middleware import get_client_time
from paktaleem.foundation.accounts.sign_in_rules import get_public_url
from paktaleem.foundation.encryption.keyring import keyring
from paktaleem.foundation.text.times import join_words
from paktaleem.foundation.web.public.pages import LanguageLink, PageValues, public_page

if TYPE_CHECKING:
    from consent.notices.models import NoticeVersion


_ANSWERS = {
    "given": _("Yes, given"),
    "refused": _("No, refused"),
    "withdrawn": _("Withdrawn"),
    "deferred": _("Deferred: not answered yet"),
    "requested": _("Requested: not answered yet"),
    "revoked": _("Ended by the school or PakTaleem"),
    "expired": _("Expired"),
    "invalidated": _("Declared invalid"),
}
_METHODS = {
    "lms": _("in the learning platform"),
    "web": _("on a page of this portal"),
    "paper": _("on paper"),
    "phone": _("by telephone"),
    "email": _("by email"),
    "in_person": _("in person"),
    "import": _("imported from an earlier record"),
}
_GIVERS = {
    "self": _("The person themselves"),
    "guardian": _("A guardian"),
    "staff": _("Staff, on the person's request"),
}


def receipt_key() -> bytes:
    """Return the key of receipt codes, which does not change with SECRET_KEY, because receipts are kept on paper."""
    return keyring().index_key(b"receipt-codes")


def print_receipt(
    request: HttpRequest, event: ConsentEvent, *, language: str, links: list[LanguageLink] | None = None
) -> HttpResponse:
    """Render the receipt of an event, in its client's context; ``links`` point to the other language."""
    base = get_public_url(request)
    facts = get_record_facts(event, language=language, base=base)
    place = PortalUrls.of(base, event.client.code)
    code = make_receipt_code(event.pk, receipt_key())
    change_url = f"{place.choices}receipt/{code}/"
    square: str = segno.make(change_url, error="m").svg_inline(scale=3, border=2, svgclass="square", lineclass=None)
    version: NoticeVersion | None = event.notice_version
    giver, method = _GIVERS.get(event.given_by, event.given_by), _METHODS.get(event.method, event.method)
    values: PageValues = {
        "facts": facts,
        "latest": facts.latest,
        "answer": _ANSWERS.get(event.state, event.state),
        "words": (version.text_ur if event.language == "ur" else version.text_en) if version else "",
        "place": place,
        "client": event.client,
        "zone": event.client.time_zone,
        "code": " ".join(code[i : i + 4] for i in range(0, len(code), 4)),
        "change_url": change_url,
        "square": mark_safe(square),  # noqa: S308 -- generated SVG of a generated URL
        **({"languages": links} if links else {}),
    }
    with translation.override(language), timezone.override(event.client.time_zone):
        values["who_and_how"] = join_words([giver, method])
        values["recipients"] = join_words(recipient.name for recipient in facts.recipients)
        return public_page(request, "receipts/receipt.html", title=_("Receipt of an answer"), **values)


@client_page
def request_code_for_receipt(request: HttpRequest, client_id: UUID, code: str) -> HttpResponse:
    """Show the page behind a receipt's code; POST sends a one-time code to the person who answered."""
    event_id = find_event_id(code, receipt_key())
    events = ConsentEvent.objects.select_related("subject", "guardian", "client")
    event = events.filter(pk=event_id, client_id=client_id).first() if event_id else None
    person = (event.guardian or event.subject) if event else None
    if event is None or person is None or person.erased_at is not None:
        raise Http404
    if request.method != "POST":
        title = _("Your privacy choices")
        return public_page(request, "receipts/follow.html", title=title, client=event.client)
    link, _token = issue_link(
        person,
        page=Page.CHOICES,
        child=event.subject if event.guardian_id else None,
        needs_code=True,
        actor=system_actor("consent.receipts.receipt"),
        at=get_client_time(request),
    )
    return send_code(request, link)
