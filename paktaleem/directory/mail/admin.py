"""Console pages of emails and text messages, and the sheets of letters."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from paktaleem.directory.mail.models import Channel, Letter, LetterState
from paktaleem.directory.mail.rendering import RIGHT_TO_LEFT, render
from paktaleem.directory.mail.services import MessageKind, is_resendable, resend_message
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import (
    actor_column,
    annotate_actor,
    moment_tag,
    render_state,
    state_column,
    text_column,
)
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.requests import actor_of, may
from paktaleem.foundation.console.row_actions import act_page
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text

_TONES = {LetterState.QUEUED: "warn", LetterState.SENT: "good", LetterState.FAILED: "bad"}


_DETAILS = "about standing channel language recipient actor queued_at sent_at attempts error next_attempt message_id"


@admin.register(Letter, site=site)
class MessageAdmin(ExportableAdmin[Letter], EvidenceAdmin[Letter]):
    view_capability = Capability.VIEW_MESSAGES
    list_display = ("about", "standing", "channel", "recipient", "queued_at", "sent_at", "owner")
    list_filter = ("state", "channel", "client")
    exported = "kind language channel person=subject__external_id state attempts queued_at sent_at expires_at"
    row_fields = ()
    detail_fields = tuple(_DETAILS.split())
    intro = "Emails and text messages with their delivery status. Addresses and texts are not shown."
    empty_text = "No messages have been sent yet."
    acts = (act_page(resend_message, applies=is_resendable),)
    about = text_column(lambda row: translate_text(row.kind.replace("_", " ").capitalize()), "message")
    error = text_column(lambda row: row.get_last_error_display() or "—", "last error")
    next_attempt = text_column(
        lambda row: moment_tag(row.due_at) if row.state == LetterState.QUEUED else "—", "next attempt"
    )
    standing = state_column(lambda row: render_state(row.get_state_display(), _TONES[row.state]))
    actor = actor_column("caused by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Letter]:
        """Show messages to staff only to those who may see the staff."""
        found = super().get_queryset(request).select_related("subject", "user").defer("context", "address")
        if not may(request, Capability.VIEW_RECORDS):
            found = found.filter(user=None)
        return annotate_actor(found, actor_of(request))

    def describe_row(self, row: Letter) -> str:
        return str(self.about(row))

    @admin.display(description="to")
    def recipient(self, row: Letter) -> SafeString | str:
        if row.user is not None:
            return row.user.full_name
        if row.to_address:
            return gettext("An address or number without a person")
        url = reverse("admin:people_subject_change", args=[row.subject_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.subject)


LETTER_TEMPLATE = "console/letter.html"
"""The page of an act that writes a letter: it has a button that shows the email before it is sent."""


def is_preview(request: HttpRequest) -> bool:
    return "preview" in request.POST


def preview_letter(
    request: HttpRequest, row: Any, slug: str, *, kind: MessageKind, language: str, **values: str
) -> HttpResponse:
    """Show the page of the act ``slug`` on a row again, with the email of ``values`` as its reader would receive it."""
    owner = site.get_model_admin(type(row))
    act = next(one for one in owner.all_acts() if one.slug == slug)
    values["client"] = Client.objects.values_list("name", flat=True).get(pk=row.client_id)
    context = {
        "title": translate_text(act.label),
        "act": act,
        "form": act.form(request.POST, row=row, request=request),
        "preview": render(kind.code, language=language, channel=Channel.MAIL, values=values),
        "direction": "rtl" if language in RIGHT_TO_LEFT else "ltr",
    }
    page: HttpResponse = owner.page(request, row, act.template, **context)
    return page


def show_letter_sheet(
    request: HttpRequest, row: Any, *, heading: str, note: str, text: str, language: str
) -> HttpResponse:
    """Show a letter on a page of its own, to be printed and handed over; ``note`` says where to find it again."""
    owner = site.get_model_admin(type(row))
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
