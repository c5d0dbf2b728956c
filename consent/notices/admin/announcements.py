"""Announcements in the console: the inbox of a client's administrators, and delivery proof for officers."""

from datetime import datetime

from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from consent.notices.effects import differences
from consent.notices.models import NoticeDispatch, NoticeResponse, NoticeText, NoticeVersion, ResponseKind
from consent.notices.selectors.notices import select_open_objections, select_unacknowledged
from consent.notices.services.publishing import (
    acknowledge_announcement,
    answer_objection,
    has_open_objection,
    object_to_announcement,
    withdraw_objection,
)
from consent.register.notice_html import render_notice
from paktaleem.directory.mail.models import LetterState
from paktaleem.directory.mail.selectors import MessageStatus, list_messages, list_messages_about
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.due import Severity
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import annotate_actor, day, format_actor, render_state, state_column
from paktaleem.foundation.console.filters import ProgressFilter
from paktaleem.foundation.console.home_pages import Card, Line, make_cards
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.requests import actor_of
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.console.translation import translate_text

_TONES = {"queued": "warn", "sent": "good", "failed": "bad"}


def serialize_texts(row: NoticeText) -> list[dict[str, str]]:
    """Serialize the texts of a version or a draft in both languages, with those for children if there are any."""
    named = (
        (gettext("English"), "en", "ltr", row.text_en),
        (gettext("Urdu"), "ur", "rtl", row.text_ur),
        (gettext("For children, English"), "en", "ltr", row.child_text_en),
        (gettext("For children, Urdu"), "ur", "rtl", row.child_text_ur),
    )
    return [
        {"name": name, "language": language, "direction": direction, "html": render_notice(text)}
        for name, language, direction, text in named
        if text
    ]


def serialize_changes(row: NoticeText, before: NoticeText | None) -> list[dict[str, object]]:
    """Serialize what a version or a draft changes, in both languages; nothing for a first text."""
    if before is None:
        return []
    return [
        {"name": name, "language": code, "direction": way, "blocks": differences(before.text(code), row.text(code))}
        for name, code, way in ((gettext("English"), "en", "ltr"), (gettext("Urdu"), "ur", "rtl"))
    ]


def _proof_pill(row: NoticeDispatch) -> SafeString:
    if row.takes_effect_at is None:
        return render_state("Delivery not proven", "bad")
    return render_state(gettext("In effect from {day}").format(day=day(row.takes_effect_at)), "good")


@admin.register(NoticeDispatch, site=site)
class NoticeDispatchAdmin(EvidenceAdmin):
    """Announcements to clients, with delivery proof and the client's responses."""

    view_capability = Capability.VIEW_REGISTER
    list_display = ("notice", "number", "owner", "state", "opened_at", "dispatched_at")
    list_filter = (ProgressFilter, "client")
    detail_fields = ("notice", "number", "state", "opened_at", "dispatched_at", "takes_effect_at", "reminders")
    list_select_related = ("version__notice",)
    intro = (
        "Announcements of changed notices to clients, and their responses. A change takes effect at a client only "
        "once an email to it is proven."
    )
    empty_text = "No change has been announced."
    state = state_column(_proof_pill)
    acts = (acknowledge_announcement, object_to_announcement, answer_objection, withdraw_objection)

    @admin.display(description="notice")
    def notice(self, row: NoticeDispatch) -> str:
        return str(row.version.notice)

    @admin.display(description="version")
    def number(self, row: NoticeDispatch) -> int:
        return row.version.number

    def panels(self, request: HttpRequest, row: NoticeDispatch) -> list[dict[str, object]]:
        version = row.version
        before = NoticeVersion.objects.filter(notice=version.notice, number=version.number - 1).first()
        actor = actor_of(request)
        letters = list_messages_about(row.pk, actor=actor) if actor.may(Capability.VIEW_MESSAGES) else []
        emails = [_serialize_email(letter) for letter in letters]
        responses = annotate_actor(
            NoticeResponse.objects.filter(client_id=row.client_id, dispatch=row), actor_of(request)
        )
        return [
            {
                "template": "console/panels/responses.html",
                "rows": [
                    {"said": one, "who": format_actor(one), "reason": translate_text(one.get_code_display())}
                    for one in responses
                ],
            },
            {"template": "console/panels/letters.html", "rows": emails},
            {"template": "console/panels/changes.html", "changes": serialize_changes(version, before)},
            {"template": "console/panels/texts.html", "texts": serialize_texts(version)},
        ]


def _serialize_email(letter: MessageStatus) -> dict[str, object]:
    words = {"notice_announced": gettext("Announcement"), "notice_reminder": gettext("Reminder")}
    return {
        "letter": letter,
        "kind": words.get(letter.kind, letter.kind),
        "state": render_state(LetterState(letter.state).label, _TONES.get(letter.state, "calm")),
        "url": reverse("admin:mail_letter_change", args=[letter.id], current_app=site.name),
    }


def serialize_dispatches(request: HttpRequest, found: QuerySet[NoticeDispatch]) -> list[dict[str, object]]:
    """Serialize dispatches for a version's table of clients: proof, attempts, responses. Runs three queries."""
    rows = list(found.select_related("client").order_by("client__name"))
    responses: dict[object, list[str]] = {row.pk: [] for row in rows}
    for dispatch, kind in NoticeResponse.objects.filter(dispatch__in=rows).values_list("dispatch_id", "kind"):
        responses[dispatch].append(kind)
    attempts: dict[object, int] = {}
    if actor_of(request).may(Capability.VIEW_MESSAGES):
        about = list_messages(actor_of(request)).filter(related_id__in=[row.pk for row in rows]).order_by()
        attempts |= dict(about.values_list("related_id").annotate(Sum("attempts")))
    return [
        {
            "row": row,
            "proof": _proof_pill(row),
            "attempts": attempts.get(row.pk, 0),
            "said": _response_pill(responses[row.pk]),
            "url": reverse("admin:consent_noticedispatch_change", args=[row.pk], current_app=site.name),
        }
        for row in rows
    ]


def _response_pill(responses: list[str]) -> SafeString:
    if has_open_objection(responses):
        return render_state("Objection open", "bad")
    if ResponseKind.ACKNOWLEDGED in responses:
        return render_state("Acknowledged", "good")
    is_answered = ResponseKind.OBJECTED in responses
    return render_state("Objection answered") if is_answered else render_state("No response yet", "warn")


@boards.connect
def announcement_board(actor: Actor, at: datetime) -> list[Line]:
    """Return cards: a client's announcements, or the objections for officers. Runs one query."""
    del at
    if actor.may(Capability.ANSWER_ANNOUNCEMENTS):
        return [*make_cards(select_unacknowledged(actor).order_by("opened_at"), _inbox_card, url=_list_url())]
    if not actor.may(Capability.ANSWER_OBJECTIONS):
        return []
    objections = select_open_objections(actor).order_by("opened_at")
    return [*make_cards(objections, _objection_card, url=_list_url())]


def _list_url() -> str:
    return reverse("admin:consent_noticedispatch_changelist", current_app=site.name)


def _objection_card(row: NoticeDispatch) -> Card:
    words = gettext("{client} objects: answer the objection").format(client=row.client)
    return _announcement_card(row, gettext("Objection"), words, waits_since=row.opened_at)


def _announcement_card(row: NoticeDispatch, value: str, note: str, **when: datetime) -> Card:
    url = reverse("admin:consent_noticedispatch_change", args=[row.pk], current_app=site.name)
    title = getattr(row.version.notice, f"title_{get_language() or 'en'}")
    return Card(title, value, note, url, Severity.TO_DO, **when)


def _inbox_card(row: NoticeDispatch) -> Card:
    moment = row.takes_effect_at or row.version.effective_at
    note = gettext("takes effect on that day: read, then acknowledge or object")
    return _announcement_card(row, day(moment), note, due_at=moment)
