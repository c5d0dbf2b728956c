"""The retention schedule in the console: rules with their effect, the published schedule, and holds."""

import hashlib
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_lazy as _

from consent.register.admin.safeguards import EndForm, PeriodAdmin, SafeguardedAdmin, SafeguardForm, count_people
from consent.register.models.purposes import DataCategory
from paktaleem.directory.data_systems.models import System
from paktaleem.directory.people.admin.people import link_person
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.changes import ProposedChange
from paktaleem.foundation.accounts.due import Severity
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.approvals import EffectFigures, effect_figures, waiting_panels
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import day, render_state, state_column, text_column
from paktaleem.foundation.console.exporting import ExportableAdmin, Format, send_table
from paktaleem.foundation.console.filters import SortByWaitingTime, progress_filter
from paktaleem.foundation.console.forms import (
    ActionForm,
    FieldWords,
    FormData,
    GroundField,
    ScopedForm,
    add_service_error,
    field_words,
    get_chosen_client,
    list_choice_values,
    set_choices,
)
from paktaleem.foundation.console.home_pages import Card, Line
from paktaleem.foundation.console.model_admin import EvidenceAdmin, Saving
from paktaleem.foundation.console.paging import LIMIT, format_count
from paktaleem.foundation.console.person_pages import (
    HOLDINGS,
    SummaryLine,
    list_url_of_person,
    on_tab,
    person_acts,
    person_panels,
    person_summaries,
)
from paktaleem.foundation.console.register_names import CodeKind, format_category, format_codes, format_purposes
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction, Weakens, find_field
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.errors import EFFECT_SHOWN
from paktaleem.foundation.first_rows import take_first
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.times import join_words
from retention.data_map.selectors import list_only_declared
from retention.holdings.models import Holding
from retention.inventories.selectors import get_basis
from retention.schedule.labels import (
    describe_action,
    describe_due,
    describe_line,
    describe_period,
    describe_trigger,
    describe_why,
    list_portal_lines,
)
from retention.schedule.models import Hold, HoldKind, RetentionRule
from retention.schedule.selectors import (
    DueState,
    HoldingDue,
    RuleEffect,
    ScheduleLine,
    find_holds,
    list_due_of_person,
    list_gaps,
    list_schedule,
    preview_end,
    preview_rule,
)
from retention.schedule.services import (
    EARLIER_DISPOSAL,
    FIXED_ONCE_STARTED,
    HoldScope,
    ReviewDay,
    check_rule,
    end_rule,
    is_disposed_earlier,
    lift_hold,
    outdates_consents,
    place_hold,
    request_earlier_disposal,
    review_hold,
    save_rule,
)

_NOT_SAVED = _("Nothing is saved yet. Check the effect below, then save.")


def _category_choices(owner: Any, *, every: bool) -> list[tuple[str, str]]:
    rows = DataCategory.objects.all()
    if owner is not None:
        rows = rows.filter(client_id__in={owner, PAKTALEEM})
    urdu = get_language() == "ur"
    names = {one.code: one.name_ur if urdu else one.name_en for one in rows}
    first = ("", gettext("Every category") if every else gettext("Choose a category…"))
    return [first, *sorted(names.items(), key=lambda one: one[1])]


class RuleForm(SafeguardForm):
    """A retention rule; the first submission shows its effect, the second one with the same values saves it."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    category = forms.ChoiceField(label=_("Data category"))

    effect: RuleEffect | None = None
    is_end = outdates_consents = False

    def prepare(self) -> None:
        if "category" in self.fields:
            owner = getattr(self.instance, "client_id", None)
            set_choices(self, "category", _category_choices(owner, every=False))
        if "trigger" in self.fields:
            self.fields["trigger"].help_text = _(
                "The school year is the one in which the data was last collected or used. Rosters and the learning "
                "platform state its dates. Without a date nothing falls due."
            )

    def _post_clean(self) -> None:
        super()._post_clean()
        if self.errors:
            return
        with in_client(self.instance.client_id):
            actor, at = actor_of(self.request), get_action_time(self.request)
            try:
                check_rule(self.instance, actor=actor, at=at)
            except ValidationError as refusal:
                add_service_error(self, refusal)
                return
        if self.cleaned_data.get("seen") != self._digest():
            self._show_effect()

    def _show_effect(self) -> None:
        actor, at = actor_of(self.request), get_action_time(self.request)
        self.is_end = self.instance.starts_at < at and self.instance.ends_at is not None
        preview = preview_end if self.is_end else preview_rule
        self.effect = preview(self.instance, actor=actor, at=at)
        with in_client(self.instance.client_id):
            self.outdates_consents = outdates_consents(self.instance, at=at)
        values = QueryDict(mutable=True)
        values.update(self.data)
        values["seen"] = self._digest()  # the same values are saved next time
        self.data = values
        self.add_error(None, ValidationError(_NOT_SAVED, code=EFFECT_SHOWN))

    def _digest(self) -> str:
        names = sorted(set(self.data) - {"seen", "reason", "ground", "csrfmiddlewaretoken"})
        values = "\0".join(f"{name}={self.data[name]}" for name in names)
        return hashlib.sha256(values.encode()).hexdigest()


class EndRuleForm(EndForm):
    """Ending a rule, with the effect; it asks for a ground if data is then disposed of earlier."""

    def find_weakening(self, ended: RetentionRule, at: datetime) -> str | None:
        return EARLIER_DISPOSAL.code if is_disposed_earlier(ended, at=at) else None

    @property
    def effect(self) -> RuleEffect:
        return preview_end(self.row, actor=actor_of(self.request), at=get_action_time(self.request))


_BY_HAND = [(code, label) for code, label in HoldKind.choices if code != HoldKind.OPEN_REQUEST]
"""The kinds of holds that people place; the hold of an open request comes and ends with the request."""


class HoldForm(ScopedForm):
    reason = None  # type: ignore[assignment]  # how Django takes a field out of a form
    category = forms.ChoiceField(label=_("Data category"), required=False)

    def prepare(self) -> None:
        if "category" in self.fields:
            owner = getattr(self.instance, "client_id", None)
            set_choices(self, "category", _category_choices(owner, every=True))
        if "kind" in self.fields:
            set_choices(self, "kind", _BY_HAND)


class PlaceForm(ActionForm):
    kind = forms.ChoiceField(label=_("Kind"), choices=_BY_HAND, widget=forms.RadioSelect)
    ground = GroundField(help_text=_("About the case only; do not name people."))
    category = forms.ChoiceField(label=_("Data category"), required=False)
    system = forms.ModelChoiceField(
        System.objects.none(), label=_("System"), required=False, empty_label=_("Every system")
    )
    review_on = find_field(ReviewDay)

    def prepare(self) -> None:
        owners = {self.row.client_id, PAKTALEEM}
        set_choices(self, "category", _category_choices(self.row.client_id, every=True))
        set_choices(self, "system", System.objects.filter(client_id__in=owners))


effect_figures.connect(
    EffectFigures(frozenset({EARLIER_DISPOSAL.code}), "console/panels/people_effect.html", count_people)
)


def _end(row: RetentionRule, given: FormData, request: HttpRequest) -> ProposedChange | None:
    actor, at = actor_of(request), get_action_time(request)
    if not given["ground"]:
        end_rule(row, actor=actor, reason=given["reason"], at=at)
        return None
    row.ends_at = at
    return request_earlier_disposal(row, ground=given["ground"], actor=actor, at=at)


@admin.register(RetentionRule, site=site)
class RetentionRuleAdmin(SafeguardedAdmin[RetentionRule], PeriodAdmin[RetentionRule]):
    form = RuleForm
    add_capability = change_capability = Capability.MANAGE_RETENTION
    row_fields = ("category", "purpose", "role", *FIXED_ONCE_STARTED, "starts_at", "ends_at")
    fixed = ("category", "purpose", "role", "starts_at")
    fixed_once_started = FIXED_ONCE_STARTED
    loaded = ("purpose",)
    list_display = ("category", "purpose", "role", "kept", "then", "owner", "state")
    list_filter = ("trigger", "role", "client")
    ordering = ("-starts_at", "-id")
    change_list_template = "console/rules.html"
    change_form_template = "console/rule.html"
    intro = (
        "How long data of a category is kept for a purpose, and what happens then. A client’s own rule takes "
        "precedence over PakTaleem’s, inside PakTaleem’s bounds. A rule that has started cannot change: add another "
        "one, or end it."
    )
    empty_text = "No rule yet: no data is disposed of."
    then = text_column(describe_action, "then")
    acts = (
        RowAction(
            "end",
            "End this rule",
            Capability.MANAGE_RETENTION,
            _end,
            form=EndRuleForm,
            template="console/end_rule.html",
            lead="From now on PakTaleem’s rule for the same data applies, or none: then the data is not disposed of.",
            done="Ended.",
            danger=True,
            weakens=Weakens.BY_ITS_VALUES,
            applies=lambda row, at: row.starts_at < at and (row.ends_at is None or row.ends_at > at),
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        [(name, main), *others] = super().get_fieldsets(request, obj)
        if others:
            main = {**main, "fields": [*main["fields"], "seen"]}
        return [(name, main), *others]

    def save_row(self, row: RetentionRule, saving: Saving) -> None:
        save_rule(row, **saving.by)

    def request_change(
        self, row: RetentionRule, *, kind: str | None, ground: str, actor: Actor, at: datetime
    ) -> ProposedChange:
        """Request a rule by which data is disposed of earlier, or without a review: the service knows the kind."""
        del kind
        return request_earlier_disposal(row, ground=ground, actor=actor, at=at)

    def response_change(self, request: HttpRequest, obj: RetentionRule) -> HttpResponse:
        if getattr(request, "waiting", None) is not None:
            return super().response_change(request, obj)
        messages.success(request, gettext("The rule is saved."))
        return HttpResponseRedirect(self.url_of("change", obj))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("schedule/", view(self.schedule_view), name="schedule_retentionrule_schedule"),
            path("schedule/file/", view(self.file_view), name="schedule_retentionrule_file"),
            *super().get_urls(),
        ]

    def schedule_view(self, request: HttpRequest) -> HttpResponse:
        client, lines = self._schedule(request)
        values = {
            "title": gettext("Retention schedule"),
            **list_choice_values(request, client),
            "is_shared": client.pk == PAKTALEEM,
            "lines": [_serialize_line(line) for line in lines],
            "gaps": sum(line.is_gap for line in lines),
            "portal_lines": list_portal_lines(),
            "public_url": reverse("privacy-of", args=[client.code]),
        }
        return self.page(request, None, "console/schedule.html", **values)

    def file_view(self, request: HttpRequest) -> HttpResponseBase:
        """Return the schedule as a spreadsheet: the same lines as on the page, which are published."""
        client, lines = self._schedule(request)
        blank = {**dict.fromkeys(_COLUMNS, ""), "of": "PakTaleem"}
        shown: list[dict[str, object]] = [*map(_serialize_line, lines)]
        shown += ({**blank, **line} for line in list_portal_lines())
        rows = [tuple(str(one[column]) for column in _COLUMNS) for one in shown]
        today = get_action_time(request).astimezone(ZoneInfo(client.time_zone))
        name = f"retention-schedule-{client.code}-{today:%Y%m%d}"
        return send_table(name, Format.XLSX, tuple(map(str, _COLUMNS.values())), rows)

    def _schedule(self, request: HttpRequest) -> tuple[Client, list[ScheduleLine]]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        client = get_chosen_client(request)
        with in_client(client.pk):
            lines = list_schedule(client.pk, at=get_action_time(request), language=get_language() or "en")
        return client, lines

    def describe_row(self, row: RetentionRule) -> str:
        return f"{format_category(row.category, row.client_id)} · {row.purpose} · {describe_period(row.period)}"

    @admin.display(description="kept for")
    def kept(self, row: RetentionRule) -> str:
        words = gettext("{period} after “{trigger}”")
        return words.format(period=describe_period(row.period), trigger=describe_trigger(row))


_COLUMNS = {
    "category": _("Data category"),
    "purpose": _("Purpose"),
    "role": _("Role"),
    "trigger": _("Counted from"),
    "period": _("Kept for"),
    "iso": "ISO 8601",
    "action": _("Then"),
    "ground": _("Ground"),
    "minimum": _("At least"),
    "maximum": _("At most"),
    "of": _("Rule of"),
}
"""The columns of the schedule's file, with their headings."""


def _serialize_line(line: ScheduleLine) -> dict[str, object]:
    rule = line.rule
    said = describe_line(line, get_language() or "en")
    shown = {"category": line.category_name, **said, "role": said["roles"] or gettext("Every role")}
    if rule is None:
        no_rule = {"trigger": gettext("No rule"), "state": render_state("No rule", "bad"), "is_gap": True}
        return {**dict.fromkeys((*_COLUMNS, "url"), ""), **shown, **no_rule}
    return {
        **shown,
        "is_gap": False,
        "iso": rule.period,
        "minimum": describe_period(line.minimum) if line.minimum else "",
        "maximum": describe_period(line.maximum) if line.maximum else "",
        "of": "PakTaleem" if rule.client_id == PAKTALEEM else gettext("The client"),
        "url": reverse("admin:schedule_retentionrule_change", args=[rule.pk], current_app=site.name),
    }


field_words.connect(FieldWords("schedule.retentionrule", frozenset({"maximum", "minimum", "period"}), describe_period))


_NAMED = 3


@boards.connect
def schedule_board(actor: Actor, at: datetime) -> list[Line]:
    is_shown = actor.may(Capability.MANAGE_RETENTION)
    gaps = list_gaps(actor, at=at, limit=LIMIT + 1, language=get_language() or "en") if is_shown else []
    if not gaps:
        return []
    categories = list(dict.fromkeys(gap.category_name for gap in gaps))
    more = ["…"] if len(categories) > _NAMED else []
    note = gettext("kept without end: {names}").format(names=join_words([*categories[:_NAMED], *more]))
    url = reverse("admin:schedule_retentionrule_schedule", current_app=site.name)
    title = gettext("Data without a retention rule")
    return [Card(title, format_count(len(gaps)), note, url, Severity.TO_DO)]


def describe_scope(row: Hold) -> str:
    category = format_category(row.category, row.client_id) if row.category else gettext("Every category")
    return f"{category} · {row.system or gettext('Every system')}"


def render_hold_state(row: Hold) -> SafeString:
    if row.lifted_at is not None:
        return render_state(gettext("Lifted {day}").format(day=day(row.lifted_at)), "good")
    if row.is_to_review(get_time_of(row.client_id)):
        return render_state(gettext("To be reviewed"), "bad")
    return render_state(gettext("In force"), "warn")


@admin.register(Hold, site=site)
class HoldAdmin(SortByWaitingTime, ExportableAdmin[Hold], EvidenceAdmin[Hold]):
    form = HoldForm
    view_capability = Capability.VIEW_HOLDINGS
    add_capability = Capability.MANAGE_HOLDS
    loaded = ("subject", "system", "client")
    list_display = ("placed_at", "kind", "person", "covers", "review_on", "state", "owner")
    list_filter = (progress_filter(open=_("Open")), "client")
    exported = "kind ground person=subject__external_id category system=system__code review_on placed_at lifted_at"
    longest_first = {"open": "review_on", "to_review_at": "review_on"}
    row_fields = ("kind", "ground", "category", "system", "review_on")
    detail_fields = ("person", "covers", "state", "placed_at", "side", "lifted_at", "lift_ground")
    intro = (
        "Data on hold is not disposed of until the hold is lifted. Place a hold of one person’s data on the person’s "
        "page; here, one of all data of a client, or of a category or a system of it."
    )
    empty_text = "No data is on hold."
    state = state_column(render_hold_state)
    person = text_column(lambda row: link_person(row.subject) if row.subject else gettext("Everyone"), "person")
    side = text_column(lambda row: gettext("The client") if row.is_of_client else gettext("An officer"), "placed by")
    covers = text_column(describe_scope, "covers")
    acts = (review_hold, lift_hold)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show in one line what a hold covers, instead of a category and a system that may be empty."""
        (title, options), *others = super().get_fieldsets(request, obj)
        hidden = () if obj is None else ("category", "system")
        return [(title, {**options, "fields": [one for one in options["fields"] if one not in hidden]}), *others]

    def write(self, row: Hold, saving: Saving) -> None:
        client, scope = Client.objects.get(pk=row.client_id), HoldScope(category=row.category, system=row.system)
        actor, at = saving.actor, saving.at
        row.pk = place_hold(
            client, kind=row.kind, scope=scope, ground=row.ground, review_on=row.review_on, actor=actor, at=at
        ).pk

    def panels(self, request: HttpRequest, row: Hold) -> list[dict[str, object]]:
        return [*super().panels(request, row), *waiting_panels(row)]


_MOST = 200
_TONES = {
    DueState.HELD: "warn",
    DueState.RESTRICTED: "warn",
    DueState.NO_RULE: "bad",
    DueState.WAITING: "calm",
    DueState.KEPT: "good",
    DueState.IN_USE: "warn",
    DueState.DUE: "bad",
}


@on_tab(HOLDINGS)
def holdings_panel(request: HttpRequest, row: Subject) -> dict[str, object] | None:
    at, zone = get_action_time(request), row.client.time_zone
    found = take_first(list_due_of_person(row, actor=actor_of(request), at=at, most=_MOST + 1), _MOST)
    return {
        "template": "console/panels/holdings.html",
        "rows": found.map(lambda one: _serialize(one, at, zone)),
        "declared": [(line.system, format_category(line.category, row.client_id)) for line in list_only_declared(row)],
        "all_url": list_url_of_person(Holding, row.pk),
    }


@person_panels.connect
def holds_panel(request: HttpRequest, row: Subject) -> dict[str, object] | None:
    if not may(request, Capability.VIEW_HOLDINGS, row.client_id):
        return None
    holds = find_holds(row.client_id, subject_id=row.pk).select_related("client", "system")
    rows = [
        {
            "kind": hold.get_kind_display(),
            "covers": describe_scope(hold),
            "state": render_hold_state(hold),
            "review_on": hold.review_on,
            "url": reverse("admin:schedule_hold_change", args=[hold.pk], current_app=site.name),
        }
        for hold in holds
    ]
    return {"template": "console/panels/holds.html", "rows": rows}


@person_summaries.connect
def summarize_holds(request: HttpRequest, row: Subject) -> list[SummaryLine]:
    if not may(request, Capability.VIEW_HOLDINGS, row.client_id):
        return []
    kinds = dict.fromkeys(find_holds(row.client_id, subject_id=row.pk).values_list("kind", flat=True))
    words = join_words(str(HoldKind(kind).label) for kind in kinds)
    return [SummaryLine(gettext("On hold"), render_state(words, "warn"), "#panel-holds")] if kinds else []


def _serialize(one: HoldingDue, at: datetime, zone: str) -> dict[str, object]:
    held, local = one.holding, ZoneInfo(zone)
    return {
        "held": held,
        "category": format_category(held.category, held.client_id),
        "since": f"{held.first_collected_at.astimezone(local):%Y-%m-%d}",
        "used": f"{(held.last_activity_at or held.last_collected_at).astimezone(local):%Y-%m-%d}",
        "url": reverse("admin:holdings_holding_change", args=[held.pk], current_app=site.name),
        "occasions": format_codes(CodeKind.OCCASION, held.occasions, held.client_id),
        "purposes": format_purposes(held.purposes, held.client_id) or "—",
        "rests_on": get_basis(held).describe(),
        "until": render_state(describe_due(one, at=at, zone=zone), _TONES[one.state(at)]),
        "why": describe_why(one, zone=zone),
    }


def _place(row: Subject, given: FormData, request: HttpRequest) -> Hold:
    scope = HoldScope(subject=row, category=given.pop("category"), system=given.pop("system"))
    return place_hold(row.client, scope=scope, **given, actor=actor_of(request), at=get_action_time(request))


person_acts.connect(
    RowAction(
        "place-hold",
        "Place a hold",
        Capability.MANAGE_HOLDS,
        _place,
        form=PlaceForm,
        lead="Data on hold is neither disposed of nor erased until the hold is lifted. Orders to delete it that no "
        "system has carried out yet are recalled.",
        done="The hold is in force.",
        applies=lambda row, _: row.is_recorded,
    )
)
