"""Drafts, preview and printing of what staff write to the person."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from paktaleem.directory.mail.kinds import MessageKind
from paktaleem.directory.mail.models import Channel
from paktaleem.directory.mail.rendering import RIGHT_TO_LEFT, render
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text
from rights.requests.models import RightsRequest

__all__ = ["LETTER_TEMPLATE", "is_preview", "preview_message", "show_sheet"]

LETTER_TEMPLATE = "console/rights_letter.html"
"""The page of an act that writes to the person: it has a button that shows the email before it is sent."""


def is_preview(request: HttpRequest) -> bool:
    """Return True if the user wants to see the email, not to send it."""
    return "preview" in request.POST


def preview_message(
    request: HttpRequest, row: RightsRequest, slug: str, *, kind: MessageKind, language: str = "", **values: str
) -> HttpResponse:
    """Show the page of an act again, with the email as the person would receive it; nothing is sent or stored."""
    owner: Any = site.get_model_admin(RightsRequest)
    act = next(one for one in owner.all_acts() if one.slug == slug)
    form, chosen = act.form(request.POST, row=row, request=request), language or row.language
    client = Client.objects.get(pk=row.client_id)
    told = {"client": client.name, "number": row.number, **values}
    message = render(kind.code, language=chosen, channel=Channel.MAIL, values=told)
    direction = "rtl" if chosen in RIGHT_TO_LEFT else "ltr"
    title = translate_text(act.label)
    page: HttpResponse = owner.page(
        request, row, act.template, title=title, act=act, form=form, preview=message, direction=direction
    )
    return page


def show_sheet(request: HttpRequest, row: RightsRequest, *, text: str, language: str) -> HttpResponse:
    """Show a letter on a page of its own, to be printed and handed over."""
    owner: Any = site.get_model_admin(RightsRequest)
    page: HttpResponse = owner.page(
        request,
        row,
        "console/rights_sheet.html",
        title=gettext("Letter to hand over"),
        text=text.strip(),
        language=language,
        direction="rtl" if language in RIGHT_TO_LEFT else "ltr",
        client_name=Client.objects.values_list("name", flat=True).get(pk=row.client_id),
        row_url=owner.url_of("change", row),
    )
    return page
