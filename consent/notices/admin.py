"""Notices and announcements in the console, and widened purposes."""

from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.forms import SplitDateTimeField
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_lazy, gettext_noop

from consent.notices.effects import differences, earliest_effect
from consent.notices.models import (
    Notice,
    NoticeDispatch,
    NoticeDraft,
    NoticeResponse,
    NoticeText,
    NoticeVersion,
    ResponseKind,
)
from consent.notices.selectors.notices import (
    EffectPreview,
    NoticeUnknown,
    get_version_in_effect,
    has_older_words,
    notice_timeline,
    preview_effect,
    preview_widening,
    select_open_objections,
    select_unacknowledged,
)
from consent.notices.services.publishing import (
    acknowledge_announcement,
    announce_draft,
    answer_objection,
    discard_draft,
    has_open_objection,
    notice_days_for,
    object_to_announcement,
    save_draft,
    withdraw_objection,
)
from consent.notices.views import render_notice
from consent.register.admin.safeguards import RegisterAdmin
from consent.register.models.purposes import DataCategory, Purpose
from consent.register.services import widen_purpose
from paktaleem.directory.mail.models import Letter, LetterState
from paktaleem.directory.mail.selectors import list_messages, list_messages_about
from paktaleem.directory.staff.administration.admin.clients import PublicPage, public_pages
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.due import Severity
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ApproverIsRequester
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import (
    annotate_actor,
    day,
    format_actor,
    moment,
    render_state,
    state_column,
    text_column,
)
from paktaleem.foundation.console.filters import PROGRESS, ConditionFilter, ProgressFilter
from paktaleem.foundation.console.forms import FieldWords, RowActionForm, field_words, set_choices
from paktaleem.foundation.console.home_pages import Card, Line, Task, make_cards
from paktaleem.foundation.console.model_admin import EvidenceAdmin, Saving
from paktaleem.foundation.console.register_names import format_purposes
from paktaleem.foundation.console.requests import actor_of, by_user, get_action_time
from paktaleem.foundation.console.row_actions import AddedAct, act_page, added_acts
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.console.steps import Step, SteppedAdmin
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.console.widgets import MomentInput
from paktaleem.foundation.tenancy.context import current_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM

_TONES = {"queued": "warn", "sent": "good", "failed": "bad"}


def _list_text_panels(row: NoticeText, before: NoticeText | None) -> list[dict[str, object]]:
    named = (
        (gettext("English"), "en", "ltr", row.text_en),
        (gettext("Urdu"), "ur", "rtl", row.text_ur),
        (gettext("For children, English"), "en", "ltr", row.child_text_en),
        (gettext("For children, Urdu"), "ur", "rtl", row.child_text_ur),
    )
    texts = [
        {"name": name, "language": code, "direction": way, "html": render_notice(text)}
        for name, code, way, text in named
        if text
    ]
    changes = [
        {"name": name, "language": code, "direction": way, "blocks": differences(before.text(code), text)}
        for name, code, way, text in named[:2]
        if before is not None
    ]
    return [
        {"template": "console/panels/changes.html", "changes": changes},
        {"template": "console/panels/texts.html", "texts": texts},
    ]


def _proof_pill(row: NoticeDispatch) -> SafeString:
    if row.takes_effect_at is None:
        return render_state("Delivery not proven", "bad")
    return render_state(gettext("In effect from {day}").format(day=day(row.takes_effect_at)), "good")


@admin.register(NoticeDispatch, site=site)
class NoticeDispatchAdmin(EvidenceAdmin[NoticeDispatch]):
    view_capability = Capability.VIEW_REGISTER
    list_display = ("notice", "number", "owner", "state", "opened_at", "dispatched_at")
    list_filter = (ProgressFilter, "client")
    newest_by = ""  # a short list: one row for each change of a notice
    detail_fields = ("notice", "number", "state", "opened_at", "dispatched_at", "takes_effect_at", "reminders")
    list_select_related = ("version__notice",)
    intro = (
        "Announcements of changed notices to clients, and their responses. A change takes effect at a client only "
        "once an email to it is proven."
    )
    empty_text = "No change has been announced."
    state = state_column(_proof_pill)
    notice = text_column(lambda row: str(row.version.notice), "notice")
    number = text_column(lambda row: row.version.number, "version")
    acts = (acknowledge_announcement, object_to_announcement, answer_objection, withdraw_objection)

    def panels(self, request: HttpRequest, row: NoticeDispatch) -> list[dict[str, object]]:
        version = row.version
        before = NoticeVersion.objects.filter(notice=version.notice, number=version.number - 1).first()
        actor = actor_of(request)
        letters = list_messages_about(row.pk, actor=actor) if actor.may(Capability.VIEW_MESSAGES) else []
        responses = [
            {"said": one, "who": format_actor(one), "reason": translate_text(one.get_code_display())}
            for one in annotate_actor(NoticeResponse.objects.filter(client_id=row.client_id, dispatch=row), actor)
        ]
        return [
            {"template": "console/panels/responses.html", "rows": responses},
            {"template": "console/panels/letters.html", "rows": [_serialize_email(letter) for letter in letters]},
            *_list_text_panels(version, before),
        ]


def _serialize_email(letter: Letter) -> dict[str, object]:
    words = {"notice_announced": gettext("Announcement"), "notice_reminder": gettext("Reminder")}
    return {
        "letter": letter,
        "kind": words.get(letter.kind, letter.kind),
        "state": render_state(LetterState(letter.state).label, _TONES.get(letter.state, "calm")),
        "url": reverse("admin:mail_letter_change", args=[letter.id], current_app=site.name),
    }


def serialize_dispatches(request: HttpRequest, found: QuerySet[NoticeDispatch]) -> list[dict[str, object]]:
    """Serialize dispatches for a version's table of clients: proof, attempts, responses. Runs three queries."""
    rows, actor = list(found.select_related("client").order_by("client__name")), actor_of(request)
    responses: dict[object, list[str]] = {row.pk: [] for row in rows}
    for dispatch, kind in NoticeResponse.objects.filter(dispatch__in=rows).values_list("dispatch_id", "kind"):
        responses[dispatch].append(kind)
    attempts: dict[object, int] = {}
    if actor.may(Capability.VIEW_MESSAGES):
        about = list_messages(actor).filter(related_id__in=[row.pk for row in rows]).order_by()
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
    del at
    url = reverse("admin:consent_noticedispatch_changelist", current_app=site.name)
    if actor.may(Capability.ANSWER_FOR_CLIENT):
        return [*make_cards(select_unacknowledged(actor).order_by("opened_at"), _inbox_card, url=url)]
    if not actor.may(Capability.SUPERVISE):
        return []
    return [*make_cards(select_open_objections(actor).order_by("opened_at"), _objection_card, url=url)]


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


_NOTICE_STEPS = (
    Step(
        "about",
        gettext_noop("What it informs about"),
        gettext_noop(
            "A notice informs about purposes before consent is requested. Choose the purposes; choose none for the "
            "privacy policy itself. If children read it, every version must have a text for children, too."
        ),
        ("purposes", "addresses_children"),
    ),
    Step(
        "title",
        gettext_noop("Title"),
        gettext_noop(
            "People see the title above the text, in their language. The code is its name for programs and in "
            "addresses; it cannot be changed later."
        ),
        ("title_en", "title_ur", "code"),
    ),
)


def _needs_new_version(_at: datetime) -> Q:
    client = current_client()
    return has_older_words() & (Q() if client is None else Q(client_id=client))


class RenewalFilter(ConditionFilter):
    offered = {"to_renew": (gettext_lazy("New version needed"), _needs_new_version)}


@boards.connect
def renewal_board(actor: Actor, at: datetime) -> list[Line]:
    if not actor.may(Capability.ANNOUNCE_NOTICES):
        return []
    url = reverse("admin:consent_notice_changelist", current_app=site.name)
    note = gettext("a purpose has other words now: no one can consent to it before a new version is announced")
    rows = Notice.objects.filter(_needs_new_version(at))
    return [Task(gettext("Notices to renew"), rows, note, f"{url}?{PROGRESS}=to_renew", Severity.URGENT)]


@admin.register(Notice, site=site)
class NoticeAdmin(SteppedAdmin[Notice], RegisterAdmin[Notice]):
    steps = _NOTICE_STEPS
    row_fields = ("code", "title_en", "title_ur", "purposes", "addresses_children")
    fixed = ("code",)
    list_display = ("title_en", "code", "owner", "about")
    list_filter = (RenewalFilter, "client")
    search_fields = ("code", "title_en")
    codes = {"purposes": Purpose}
    intro = "Notices to data subjects. A new text starts as a draft; once announced, it never changes."
    empty_text = "No notice yet. Add one, then write its first text as a draft."
    change_form_template = "console/notice.html"
    about = text_column(
        lambda row: format_purposes(row.purposes, row.client_id) or gettext("The privacy policy"), "informs about"
    )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        notice = context.get("original")
        if notice and not notice.is_by_portal and self.has_change_permission(request, notice):
            draft = NoticeDraft.objects.filter(notice=notice, closed_at=None).first()
            page, key = ("change", [draft.pk]) if draft else ("add", [])
            url = reverse(f"admin:consent_noticedraft_{page}", args=key, current_app=site.name)
            context["draft_url"] = url if draft else f"{url}?{urlencode({'notice': str(notice.pk)})}"
        return super().render_change_form(request, context, *args, **kwargs)

    def list_effects(self, row: Notice) -> list[str]:
        owners = [row.client_id, PAKTALEEM]
        others = Notice.objects.filter(client_id__in=owners, purposes__overlap=row.purposes) if row.purposes else ()
        known = gettext("“{notice}” informs about one of these purposes already.")
        return [
            gettext("No person sees it yet: it has no text. Write its first text as a draft, then announce it."),
            *(known.format(notice=str(one)) for one in others),
            gettext("No one is asked again now. A draft shows who must be asked again before you announce it."),
            gettext("No decision changes until a version takes effect."),
        ]


class AnnounceForm(RowActionForm):
    effective_at = SplitDateTimeField(required=False, widget=MomentInput, label="Takes effect")

    def prepare(self) -> None:
        days = notice_days_for(self.row.notice, is_material=self.row.is_material)
        earliest = earliest_effect(get_action_time(self.request), days)
        words = gettext("Clients get {days} days of notice: {moment} at the earliest.")
        told = words.format(days=days, moment=moment(earliest)) if days else ""
        self.fields["effective_at"].help_text = f"{told} {gettext('Empty: the earliest possible time.')}"
        self.order_fields(["effective_at", "reason"])

    @property
    def effect(self) -> EffectPreview:
        return preview_effect(self.row.notice, is_material=self.row.is_material, **by_user(self.request))


_KIND = state_column(lambda row: render_state("Material", "warn") if row.is_material else render_state("Minor"), "kind")
"""Whether consents must be renewed after a text."""


def _draft_pill(row: NoticeDraft) -> SafeString:
    if row.closed_at is None:
        return render_state("Draft", "warn")
    if row.version:
        return render_state(gettext("Announced {day}").format(day=day(row.closed_at)), "good")
    return render_state(gettext("Discarded {day}").format(day=day(row.closed_at)))


@admin.register(NoticeDraft, site=site)
class NoticeDraftAdmin(RegisterAdmin[NoticeDraft]):
    row_fields = ("notice", "is_material", "text_en", "text_ur", "child_text_en", "child_text_ur")
    fixed = ("notice",)
    detail_fields = ("state", "changed_at")
    list_display = ("notice", "state", "kind", "owner", "changed_at")
    list_filter = ("is_material", "client")
    list_select_related = ("notice",)
    intro = "Draft texts, visible only to their owner. Headings (##), lists (-) and **emphasis** are rendered."
    empty_text = "There is no draft."
    _has_client_field = False  # a draft belongs to the client of its notice
    state = state_column(_draft_pill)
    kind = _KIND
    acts = (
        act_page(
            announce_draft,
            form=AnnounceForm,
            template="console/announce.html",
            refusals={
                ApproverIsRequester: "You wrote this draft. After a minor change consents go on under the new text: "
                "someone else must announce it."
            },
        ),
        discard_draft,
    )

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the notices of the user's client, or of every client to PakTaleem, that have no open draft."""
        owner, opened = actor_of(request).client_id, NoticeDraft.objects.filter(notice=OuterRef("pk"), closed_at=None)
        own = Q() if owner is None else Q(client_id=owner)
        rows = Notice.objects.filter(own, ~Exists(opened), is_by_portal=False)
        return super().formfield_for_foreignkey(db_field, request, **kwargs, queryset=rows)

    def client_of(self, row: Any) -> UUID:
        found: UUID = row.notice.client_id if row._state.adding else row.client_id
        return found

    def has_change_permission(self, request: HttpRequest, obj: NoticeDraft | None = None) -> bool:
        return (obj is None or obj.closed_at is None) and super().has_change_permission(request, obj)

    def panels(self, request: HttpRequest, row: NoticeDraft) -> list[dict[str, object]]:
        timeline = notice_timeline(Client.objects.get(pk=row.client_id), row.notice)
        with suppress(NoticeUnknown):
            return _list_text_panels(row, get_version_in_effect(timeline, at=get_action_time(request)))
        return _list_text_panels(row, None)

    def write(self, row: NoticeDraft, saving: Saving) -> None:
        save_draft(row, **saving.by)


def _version_pill(row: NoticeVersion) -> SafeString:
    at = get_time_of(row.client_id)
    if row.effective_at > at:
        return render_state(gettext("Announced: from {day}").format(day=day(row.effective_at)), "warn")
    replaced = row.replaced_at  # type: ignore[attr-defined]
    return render_state("Superseded") if replaced and replaced <= at else render_state("In effect", "good")


@admin.register(NoticeVersion, site=site)
class NoticeVersionAdmin(EvidenceAdmin[NoticeVersion]):
    view_capability = Capability.VIEW_REGISTER
    row_fields = ("notice", "is_material")
    detail_fields = ("number", "state", "effective_at", "announced_at", "notice_days", "content_hash")
    list_display = ("notice", "number", "owner", "kind", "state", "effective_at")
    list_filter = ("is_material", "client")
    intro = "Announced versions. A material version requires renewed consent; a minor one does not."
    empty_text = "No version yet. Announce a draft on its page."
    state = state_column(_version_pill)
    kind = _KIND
    loaded = ("notice",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[NoticeVersion]:
        later = NoticeVersion.objects.filter(notice=OuterRef("notice"), number__gt=OuterRef("number"))
        earliest = later.order_by("effective_at").values("effective_at")[:1]
        found: QuerySet[NoticeVersion] = super().get_queryset(request).annotate(replaced_at=Subquery(earliest))
        return found

    def panels(self, request: HttpRequest, row: NoticeVersion) -> list[dict[str, object]]:
        before = NoticeVersion.objects.filter(notice=row.notice, number=row.number - 1).first()
        panels = _list_text_panels(row, before)
        if row.needs_proof:
            told = serialize_dispatches(request, NoticeDispatch.objects.filter(version=row))
            panels.insert(0, {"template": "console/panels/dispatches.html", "rows": told})
        return panels


def _name_version(key: UUID) -> str:
    found = NoticeVersion.objects.filter(pk=key).first()
    return str(found) if found else "—"


field_words.connect(FieldWords("consent.noticedraft", frozenset({"version"}), _name_version))
public_pages.connect(PublicPage(gettext_noop("Privacy notice and purposes"), "privacy-of"))


class WidenForm(RowActionForm):
    categories = forms.MultipleChoiceField(label="Data categories to add", widget=forms.CheckboxSelectMultiple)

    def prepare(self) -> None:
        owners, name = [PAKTALEEM, self.row.client_id], f"name_{get_language() or 'en'}"
        found = DataCategory.objects.filter(client_id__in=owners).exclude(code__in=self.row.categories)
        set_choices(self, "categories", list(found.order_by(name).values_list("code", name)))
        self.order_fields(["categories", "reason"])

    @property
    def effect(self) -> EffectPreview:
        return preview_widening(self.row, **by_user(self.request))


_WIDEN = act_page(widen_purpose, form=WidenForm, template="console/widen.html")
added_acts.connect(AddedAct(Purpose._meta.label_lower, _WIDEN))
