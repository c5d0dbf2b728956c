"""Preview and printing of what staff write to the person of a request."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from paktaleem.directory.mail.kinds import MessageKind
from paktaleem.directory.mail.letter_pages import preview_letter, show_letter_sheet
from rights.requests.models.requests import RightsRequest


def preview_message(
    request: HttpRequest, row: RightsRequest, slug: str, *, kind: MessageKind, language: str = "", **values: str
) -> HttpResponse:
    """Show the page of an act again, with the email as the person would receive it; nothing is sent or stored."""
    values["number"] = row.number
    return preview_letter(request, row, slug, kind=kind, language=language or row.language, **values)


def show_sheet(request: HttpRequest, row: RightsRequest, *, text: str, language: str) -> HttpResponse:
    """Show a letter on a page of its own, to be printed and handed over."""
    note = gettext(
        "The letter is recorded. Print this page with your browser and hand it over. You find the text again with "
        "“Read it”."
    )
    return show_letter_sheet(request, row, heading=row.number, note=note, text=text, language=language)
