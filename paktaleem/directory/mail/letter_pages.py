"""Console pages of letters: the preview of a draft, and a sheet to print and hand over."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from paktaleem.directory.mail.kinds import MessageKind
from paktaleem.directory.mail.models import Channel
from paktaleem.directory.mail.rendering import RIGHT_TO_LEFT, render
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text

LETTER_TEMPLATE = "console/letter.html"
"""The page of an act that writes a letter: it has a button that shows the email before it is sent."""


def is_preview(request: HttpRequest) -> bool:
    """Return True if the user wants to see the email, not to send it."""
    return "preview" in request.POST


def preview_letter(
    request: HttpRequest, row: Any, slug: str, *, kind: MessageKind, language: str, **values: str
) -> HttpResponse:
    """Show the page of an act again, with the email as its reader would receive it; nothing is sent or stored.

    ``row`` is a row of a client whose console page has the act ``slug``; ``values`` are the fields of the message.
    """
    owner: Any = site.get_model_admin(type(row))
    act = next(one for one in owner.all_acts() if one.slug == slug)
    form = act.form(request.POST, row=row, request=request)
    client = Client.objects.get(pk=row.client_id)
    message = render(kind.code, language=language, channel=Channel.MAIL, values={"client": client.name, **values})
    direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    title = translate_text(act.label)
    page: HttpResponse = owner.page(
        request, row, act.template, title=title, act=act, form=form, preview=message, direction=direction
    )
    return page


def show_letter_sheet(
    request: HttpRequest, row: Any, *, heading: str, note: str, text: str, language: str
) -> HttpResponse:
    """Show a letter on a page of its own, to be printed and handed over; ``note`` says where to find it again."""
    owner: Any = site.get_model_admin(type(row))
    page: HttpResponse = owner.page(
        request,
        row,
        "console/letter_sheet.html",
        title=gettext("Letter to hand over"),
        heading=heading,
        note=note,
        text=text.strip(),
        language=language,
        direction="rtl" if language in RIGHT_TO_LEFT else "ltr",
        client_name=Client.objects.values_list("name", flat=True).get(pk=row.client_id),
        row_url=owner.url_of("change", row),
    )
    return page
