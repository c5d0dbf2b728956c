"""Console page of ends of school years: prepared on a term's page, then numbers, confirmation, progress and result."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.admin.people import person_url
from paktaleem.directory.schools.admin import (
    CHOOSING,
    PUPIL_ROLES,
    LinesField,
    PlaceField,
    PlacesField,
    SelectionForm,
    class_url,
    describe_selection,
    offer_places,
    read_place,
)
from paktaleem.directory.schools.models import ClassTerm, School, Term, TermKind
from paktaleem.directory.schools.places import find_places
from paktaleem.directory.schools.selections import Selection
from paktaleem.directory.schools.selectors import get_day
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.columns import render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.forms import ActionForm, set_choices
from paktaleem.foundation.console.home_pages import Card, Severity
from paktaleem.foundation.console.long_acts import LongAct, Progress, long_acts
from paktaleem.foundation.console.register_names import format_category, format_purpose
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.first_rows import take_first
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.school_years.models import LeaversBy, Stage, YearEnd, YearEndClass, YearEndPerson
from paktaleem.office.school_years.selectors import list_purposes_of_consent
from paktaleem.office.school_years.services import (
    CONTINUE,
    Choices,
    cancel_year_end,
    confirm_year_end,
    prepare_year_end,
)


class PrepareForm(ActionForm, SelectionForm):
    """A school, who leaves, and what becomes of the consents of the year."""

    most_ids = 5_000

    school = PlaceField(
        of=[School], label=_("School"), required=False, help_text=_("Its name or LMS id. Empty: all schools.")
    )
    leavers_by = forms.ChoiceField(
        label=_("Who leaves"),
        choices=LeaversBy.choices,
        initial=LeaversBy.WITHOUT_CLASS,
        widget=forms.RadioSelect,
        help_text=_(
            "Record the classes of the new year first, by a roster or the API: then those who stay have a class."
        ),
    )
    ids = LinesField(
        rows=4, max_length=1_000_000, label=_("Pupils, by LMS id"), help_text=_("One per line, at most 5,000.")
    )
    place = PlacesField(
        label=_("Schools or classes, by LMS id"),
        help_text=_(
            "One per line. Only pupils whose last class of the year is one of these, or at one of these schools."
        ),
    )
    role = forms.ChoiceField(label=_("Role"), required=False, choices=PUPIL_ROLES)
    renewed = forms.MultipleChoiceField(
        label=_("Ask again for consent to"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "A consent stays in force until it is answered again or expires on its own day. No consent is renewed "
            "without an answer."
        ),
    )
    let_go = forms.MultipleChoiceField(
        label=_("Let consent end to"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "These consents were for the year only. They end with this act, and decisions refuse until they are given "
            "again."
        ),
    )

    field_order = ("school", "leavers_by", *CHOOSING, "renewed", "let_go")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the purposes that rest on consent; only those whose consents expire to ask again."""
        super().__init__(*args, **kwargs)
        at = get_action_time(self.request)
        with in_client(self.row.client_id):
            offer_places(self, "school", self.row.client_id)
            for name, with_period in (("renewed", True), ("let_go", False)):
                found = list_purposes_of_consent(self.row.client, at, with_period=with_period)
                set_choices(self, name, [(one.code, format_purpose(one.code, self.row.client_id)) for one in found])
                if not found:
                    del self.fields[name]

    def clean_school(self) -> str:
        """Return the LMS id of the school that the text names; the service refuses an unknown one."""
        text: str = self.cleaned_data["school"]
        client_id = self.row.client_id
        with in_client(client_id):
            known = bool(text) and bool(find_places(client_id, text, [School]))
            return read_place(text, client_id, [School]).external_id if known else text

    def clean(self) -> dict[str, Any]:
        """Add the selection; the service checks it, because classes of the year may have ended."""
        cleaned = super().clean()
        return cleaned if self.errors else {**cleaned, "chosen": self.selection}

    @staticmethod
    def to_choices(given: dict[str, Any]) -> Choices:
        """Return the choices of a valid form."""
        return Choices(
            school=given["school"].strip(),
            leavers_by=LeaversBy(given["leavers_by"]),
            chosen=given["chosen"],
            renewed=given.get("renewed", []),
            let_go=given.get("let_go", []),
        )


class ConfirmForm(ActionForm):
    """Typed confirmation of the number of leavers, if there are any."""

    number = forms.IntegerField(
        label=_("Type how many pupils leave"), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    row: YearEnd

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask for the number only if accounts would be closed."""
        super().__init__(*args, **kwargs)
        if not self.row.plan.get("leavers"):
            del self.fields["number"]

    def clean_number(self) -> int:
        """Accept only the number that the page shows."""
        typed = int(self.cleaned_data["number"])
        if typed != self.row.plan["leavers"]:
            raise forms.ValidationError(_now("This is not the number of pupils who leave."))
        return typed


_SAMPLES = 20
_LINES: tuple[tuple[str, Promise], ...] = (
    ("classes", _("Classes that close")),
    ("enrolments", _("Enrolments that end")),
    ("people", _("Pupils of the year")),
    ("leavers", _("Pupils who leave: their accounts close")),
    ("renewed", _("Consents asked for again")),
    ("let_go", _("Consents that end")),
)
_EXTRA: tuple[tuple[str, Promise], ...] = (
    ("stayed", _("Stayed, because they have a class by now")),
    ("erased", _("Skipped, because they are erased or being erased")),
)


def build_panels(row: YearEnd) -> list[dict[str, Any]]:
    """Return the panels of a year's end, in its client's context; the number of queries does not grow with its size."""
    panels = [_numbers_panel(row)]
    if row.plan.get("deletions"):
        panels.append(_deletions_panel(row))
    if row.stage in {Stage.READY, Stage.RUNNING}:
        panels.append(_samples_panel(row))
    return panels


def _numbers_panel(row: YearEnd) -> dict[str, Any]:
    is_begun = row.stage in {Stage.RUNNING, Stage.DONE}
    lines = [(label, row.plan.get(name, 0), row.result.get(name, 0)) for name, label in _LINES]
    lines += [(label, "", row.result[name]) for name, label in _EXTRA if row.result.get(name)]
    return {
        "template": "console/panels/year_end.html",
        "row": row,
        "is_counting": row.stage == Stage.COUNTING,
        "is_begun": is_begun,
        "most_leave": row.stage == Stage.READY and 2 * row.plan["leavers"] > row.plan["people"],
        "lines": lines if row.plan else [],
        "renewed": _names(row, row.renewed),
        "let_go": _names(row, row.let_go),
        "last_day": row.ends_on - timedelta(days=1),
    }


def _names(row: YearEnd, codes: list[str]) -> list[str]:
    return [format_purpose(code, row.client_id) for code in codes]


def _deletions_panel(row: YearEnd) -> dict[str, Any]:
    zone = ZoneInfo(row.client.time_zone)
    lines = [
        {
            **one,
            "category": format_category(one["category"], row.client_id),
            "first": _last_day(one["first"], zone),
            "last": _last_day(one["last"], zone),
        }
        for one in row.plan["deletions"]
    ]
    return {"template": "console/panels/year_end_deletions.html", "lines": lines}


def _last_day(due_at: str | None, zone: ZoneInfo) -> str:
    """Return the last calendar day on which data is kept; empty if there is none."""
    if due_at is None:
        return ""
    return f"{datetime.fromisoformat(due_at).astimezone(zone) - timedelta(microseconds=1):%Y-%m-%d}"


def _samples_panel(row: YearEnd) -> dict[str, Any]:
    people = YearEndPerson.objects.filter(client_id=row.client_id, year_end=row, is_leaver=True)
    classes = YearEndClass.objects.filter(client_id=row.client_id, year_end=row, closed_at=None)
    found = take_first(people.select_related("subject").order_by("subject__external_id", "pk"), _SAMPLES)
    closing = take_first(classes.select_related("school_class__school").order_by("school_class__title", "pk"), _SAMPLES)
    return {
        "template": "console/panels/year_end_samples.html",
        "people": found.map(lambda one: (one.subject, person_url(one.subject_id))),
        "classes": closing.map(lambda one: (one.school_class, class_url(one.school_class_id))),
    }


_TONES = {Stage.DONE: "good", Stage.CANCELLED: "calm"}


def _by(request: HttpRequest) -> dict[str, Any]:
    return {"actor": actor_of(request), "at": get_action_time(request)}


def _prepare(row: Term, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    made = prepare_year_end(row, PrepareForm.to_choices(given), **_by(request))
    return HttpResponseRedirect(reverse("admin:school_years_yearend_change", args=[made.pk], current_app=site.name))


def _confirm(row: YearEnd, _given: dict[str, Any], request: HttpRequest) -> None:
    confirm_year_end(row, **_by(request))


def _cancel(row: YearEnd, _given: dict[str, Any], request: HttpRequest) -> None:
    cancel_year_end(row, **_by(request))


def _is_over(row: Term, at: datetime) -> bool:
    return row.ends_on is not None and row.ends_on <= get_day(row.client, at)


def _render_stage(row: Any) -> SafeString:
    return render_state(row.get_stage_display(), _TONES.get(Stage(row.stage), "warn"))


added_acts.connect(
    AddedAct(
        "schools.term",
        RowAction(
            "end-year",
            "Prepare the end of the year",
            Capability.CLOSE_SCHOOL_YEARS,
            _prepare,
            form=PrepareForm,
            lead="First you see the numbers: which classes close, who leaves, which consents end, and when data is "
            "deleted. Nothing changes before you confirm.",
            applies=_is_over,
        ),
    )
)


@admin.register(YearEnd, site=site)
class YearEndAdmin(EvidenceAdmin):
    """Ends of school years."""

    view_capability = Capability.VIEW_ROSTERS
    ledger_families = ("year_end",)
    list_display = ("__str__", "term", "school", "owner", "standing", "prepared_at")
    list_filter = ("stage", "client")
    newest_by = "prepared_at"
    detail_fields = (
        "term",
        "school",
        "ends_on",
        "leavers_by",
        "chosen_by",
        "standing",
        "prepared_at",
        "confirmed_at",
        "ended_at",
    )
    intro = (
        "The end of a school year closes its classes, closes the accounts of those who leave, and asks again for the "
        "consents of the year or lets them end. It is prepared on the page of a term that has ended."
    )
    empty_text = "No school year has been ended in this way. Open the term or school year that ended."
    acts = (
        RowAction(
            "confirm",
            "End the year",
            Capability.CLOSE_SCHOOL_YEARS,
            _confirm,
            form=ConfirmForm,
            lead="The classes close, the accounts of those who leave close, and the periods after which their data is "
            "deleted begin. The worker does it in steps; you may leave the page. It cannot be undone as a whole.",
            done="Confirmed. The page shows how far it is.",
            danger=True,
            applies=lambda row, _at: row.stage == Stage.READY,
        ),
        RowAction(
            "cancel",
            "Cancel",
            Capability.CLOSE_SCHOOL_YEARS,
            _cancel,
            form=ActionForm,
            lead="Nothing has been changed, and nothing will be.",
            done="Cancelled. Nothing was changed.",
            applies=lambda row, _at: row.stage in {Stage.COUNTING, Stage.READY},
        ),
    )
    standing = state_column(_render_stage)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related terms and schools."""
        return super().get_queryset(request).select_related("term", "school")

    @admin.display(description="chosen by")
    def chosen_by(self, row: YearEnd) -> str:
        """Return the conditions by which the leavers were chosen."""
        return describe_selection(Selection.from_values(row.chosen)) or gettext("no further condition")

    def panels(self, request: HttpRequest, row: YearEnd) -> list[dict[str, Any]]:  # noqa: ARG002 -- as the base
        """Show numbers, dates of deletion and samples."""
        with in_client(row.client_id):
            return build_panels(row)


_REMINDED_FOR = timedelta(days=180)


@boards.connect
def year_end_board(actor: Actor, at: datetime) -> list[Card]:
    """Return the card of the open end of a year, or of a school year that ended with classes in use; three queries."""
    if not actor.may(Capability.CLOSE_SCHOOL_YEARS) or actor.client_id is None:
        return []
    row = YearEnd.objects.open().filter(client_id=actor.client_id).select_related("term").first()
    if row is not None:
        url = reverse("admin:school_years_yearend_change", args=[row.pk], current_app=site.name)
        return [Card(gettext("End of the school year"), row.term.title, row.get_stage_display(), url, Severity.TO_DO)]
    today = get_day(Client.objects.get(pk=actor.client_id), at)
    in_use = ClassTerm.objects.filter(client_id=actor.client_id, term_id=OuterRef("pk"), school_class__ended_at=None)
    ended = Term.objects.filter(
        Exists(in_use),
        client_id=actor.client_id,
        kind=TermKind.SCHOOL_YEAR,
        ends_on__lte=today,
        ends_on__gt=today - _REMINDED_FOR,
    )
    term = ended.order_by("ends_on", "pk").first()
    if term is None:
        return []
    url = reverse("admin:schools_term_end-year", args=[term.pk], current_app=site.name)
    note = gettext("has ended; its classes are in use")
    return [Card(gettext("End of the school year"), term.title, note, url, Severity.TO_DO)]


_UNITS = ("classes", "people")


def measure_year_end(row: YearEnd) -> Progress | None:
    """Return how many classes and pupils are done; None while it waits for a person, or if it was cancelled."""
    if row.stage == Stage.COUNTING:
        return Progress(0, None, row.prepared_at, started_by=row.prepared_by)
    if row.confirmed_at is None or row.stage not in {Stage.RUNNING, Stage.DONE}:
        return None
    done, total = (sum(numbers.get(one, 0) for one in _UNITS) for numbers in (row.result, row.plan))
    return Progress(done, total, row.confirmed_at, row.ended_at, started_by=row.confirmed_by)


def _list_rows(since: datetime) -> QuerySet[YearEnd]:
    lately = Q(stage__in=[Stage.COUNTING, Stage.RUNNING]) | Q(stage=Stage.DONE, ended_at__gte=since)
    found: QuerySet[YearEnd] = YearEnd.objects.filter(lately).order_by("-prepared_at", "-pk")
    return found


long_acts.connect(
    LongAct(
        "school_years.yearend",
        _("End of a school year"),
        frozenset({CONTINUE}),
        Capability.VIEW_ROSTERS,
        _list_rows,
        measure_year_end,
    )
)
