"""Console pages of schools, terms and classes, and what they add to people's pages."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import F, Model, Q, QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy as _, gettext_noop

from paktaleem.directory.people.fields import parse_grade
from paktaleem.directory.people.models import HasSeveralRoles, Subject, SubjectRole, having_role
from paktaleem.directory.schools import selectors
from paktaleem.directory.schools.forms import read_place
from paktaleem.directory.schools.models import Enrolment, School, SchoolClass, Sourced, Term
from paktaleem.directory.schools.services.recording import Move, check_move, leave_client, move_pupils
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console import person_pages as pages
from paktaleem.foundation.console.columns import day, render_state, state_column
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ChosenFilter, ConditionFilter, TypedFilter, get_filtered_client
from paktaleem.foundation.console.forms import FormData, RowActionForm, add_service_error, set_choices
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.requests import by_user_for, get_action_time
from paktaleem.foundation.console.row_actions import RowAction, act_page
from paktaleem.foundation.console.row_search import RowSearch
from paktaleem.foundation.console.search import searches
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.widgets import DayInput, SuggestionInput
from paktaleem.foundation.first_rows import take_first, take_latest
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.school_limits import ArrayOfIds, IsAmong, begin_with_people
from paktaleem.foundation.text.times import join_words

SHOWN = 200
"""Number of classes or people shown on a page."""
_STATED = ("state", "origin", "recorded_at", "changed_at")


def _pill(row: Sourced) -> SafeString:
    if row.ended_at is not None:
        return render_state(gettext("Ended {day}").format(day=day(row.ended_at)))
    return render_state(gettext("In use"), "good")


class ListedFilter(ConditionFilter):
    title = "state"
    parameter_name = "listed"
    offered = {"yes": (_("In use"), Q(ended_at=None)), "no": (_("Ended"), Q(ended_at__isnull=False))}


class SourcedAdmin[Row: Model](EvidenceAdmin[Row]):
    """Read-only list of rows that rosters and the learning platform state."""

    view_capability = Capability.VIEW_RECORDS
    newest_by = "recorded_at"
    state = state_column(_pill)


@admin.register(School, site=site)
class SchoolAdmin(ExportableAdmin[School], SourcedAdmin[School]):
    loaded = ("parent",)
    list_display = ("name", "kind", "parent", "owner", "state", "recorded_at")
    list_filter = (ListedFilter, "kind", "client")
    exported = "school=external_id name kind parent=parent__external_id origin recorded_at ended_at"
    detail_fields = ("name", "external_id", "kind", "parent", *_STATED)
    intro = "Schools and districts, as rosters and the learning platform state them."
    empty_text = "No schools yet. A OneRoster package or the learning platform states them."

    def panels(self, request: HttpRequest, row: School) -> list[dict[str, object]]:
        del request
        with in_client(row.client_id):
            found = SchoolClass.objects.filter(client_id=row.client_id, school=row, ended_at=None)
            rows = take_first(found.order_by("title", "id"), SHOWN)
        return [{"template": "console/panels/classes.html", "rows": rows}]


@admin.register(Term, site=site)
class TermAdmin(SourcedAdmin[Term]):
    list_display = ("title", "kind", "starts_on", "ends_on", "owner", "state")
    list_filter = ("kind", "client")
    detail_fields = ("title", "external_id", "kind", "starts_on", "ends_on", "parent", "state", "origin", "recorded_at")
    intro = "Terms and school years, as rosters and the learning platform state them. The last day is not included."
    empty_text = "No terms yet. A OneRoster package or the learning platform states them."


@admin.register(SchoolClass, site=site)
class SchoolClassAdmin(ExportableAdmin[SchoolClass], SourcedAdmin[SchoolClass]):
    loaded = ("school",)
    list_display = ("title", "in_school", "grade", "kind", "owner", "state", "recorded_at")
    list_filter = (ListedFilter, "kind", "client")
    exported = "class=external_id title kind grade school=school__external_id origin recorded_at ended_at"
    detail_fields = ("title", "external_id", "in_school", "grade", "kind", "terms", *_STATED)
    intro = "Classes, as rosters and the learning platform state them. Open one to see who is in it."
    empty_text = "No classes yet. A OneRoster package or the learning platform states them."

    @admin.display(description="school")
    def in_school(self, row: SchoolClass) -> SafeString | str:
        if row.school is None:
            return "—"
        url = reverse("admin:schools_school_change", args=[row.school_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.school)

    @admin.display(description="terms")
    def terms(self, row: SchoolClass) -> str:
        with in_client(row.client_id):
            return join_words(str(one) for one in selectors.list_terms_of_class(row)) or "—"

    def panels(self, request: HttpRequest, row: SchoolClass) -> list[dict[str, object]]:
        with in_client(row.client_id):
            today = Client.objects.get(pk=row.client_id).day_at(get_action_time(request))
            people = take_first(selectors.list_people_of_class(row, on=today), SHOWN)
        return [{"template": "console/panels/class_people.html", "rows": people}]


searches.connect(RowSearch(School, ("external_id", "name"), begins=True))
searches.connect(RowSearch(SchoolClass, ("external_id", "title"), begins=True))


class DayFilter(TypedFilter):
    def queryset(self, request: HttpRequest, queryset: QuerySet[Subject]) -> QuerySet[Subject]:
        value, client_id = (self.value() or "").strip(), get_filtered_client(request)
        if not value or client_id is None:
            return queryset
        today = Client.objects.get(pk=client_id).day_at(get_action_time(request))
        return self.keep(queryset, client_id, value, on=today)

    def keep(self, people: QuerySet[Subject], client_id: UUID, value: str, *, on: date) -> QuerySet[Subject]:
        raise NotImplementedError


def _list_enrolled(enrolments: QuerySet[Enrolment], most: int) -> list[UUID]:
    """List the ids of the enrolled; more than ``most``, also the same ones again, if the enrolments are many."""
    rows = begin_with_people(enrolments).order_by().values_list("subject_id", flat=True)[: 2 * most]
    return list(rows if len(rows) == 2 * most else dict.fromkeys(rows))


class PlaceFilter(DayFilter):
    place: ClassVar[str]
    """The column of the LMS id, of an enrolment."""

    def keep(self, people: QuerySet[Subject], client_id: UUID, value: str, *, on: date) -> QuerySet[Subject]:
        self.enrolments = selectors.select_current_enrolments(client_id, on).filter(**{self.place: value})
        return people.filter(pk__in=self.enrolments.values("subject_id"))

    def list_first(self, people: QuerySet[Subject], most: int) -> list[UUID]:  # noqa: ARG002 -- read from the enrolments
        return _list_enrolled(self.enrolments, most)

    def find_among(self, people: QuerySet[Subject], ids: Collection[UUID]) -> set[UUID]:  # noqa: ARG002
        rows = self.enrolments.filter(IsAmong(F("subject_id"), ArrayOfIds(ids)))
        return {*rows.order_by().values_list("subject_id", flat=True)}


@pages.person_filters.connect
class SchoolFilter(PlaceFilter):
    title = gettext_noop("school")
    parameter_name = "school"
    placeholder = gettext_noop("LMS id of a school")
    place = selectors.SCHOOL_ID


@pages.person_filters.connect
class ClassFilter(PlaceFilter):
    title = gettext_noop("class")
    parameter_name = "class"
    placeholder = gettext_noop("LMS id of a class")
    place = selectors.CLASS_ID


@pages.person_filters.connect
class GradeFilter(DayFilter):
    """Accepts a grade in any usual writing."""

    title = gettext_noop("grade")
    parameter_name = "grade"
    placeholder = gettext_noop("Such as 7 or KG")

    def keep(self, people: QuerySet[Subject], client_id: UUID, value: str, *, on: date) -> QuerySet[Subject]:
        try:
            grades = [parse_grade(value)]
        except ValueError:
            grades = []
        enrolments = selectors.select_current_enrolments(client_id, on)
        self.own, self.by_class = selectors.select_in_grades(client_id, enrolments, grades)
        return selectors.filter_by_grades(people, client_id, enrolments, grades)

    def list_first(self, people: QuerySet[Subject], most: int) -> list[UUID]:  # noqa: ARG002 -- read by two indexes
        own = begin_with_people(self.own).order_by().values_list("pk", flat=True)[:most]
        return [*own, *_list_enrolled(self.by_class, most)]

    def find_among(self, people: QuerySet[Subject], ids: Collection[UUID]) -> set[UUID]:  # noqa: ARG002
        own = self.own.filter(IsAmong(F("pk"), ArrayOfIds(ids))).order_by().values_list("pk", flat=True)
        rows = self.by_class.filter(IsAmong(F("subject_id"), ArrayOfIds(ids))).order_by()
        return {*own, *rows.values_list("subject_id", flat=True)}


@pages.person_row_filters.connect
class PersonRoleFilter(ChosenFilter):
    """Filter by a role that people have, as their main role or besides it, within one client."""

    title = gettext_noop("role of the person")
    titles: ClassVar[dict[str, str]] = {"child": gettext_noop("role of the child")}
    parameter_name = "person_role"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:  # noqa: ARG002
        return list(SubjectRole.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        role, client_id = self.value(), get_filtered_client(request)
        if role not in SubjectRole.values or client_id is None:
            return queryset
        self.client_id, self.role = client_id, str(role)
        return queryset.filter(having_role(self.role), client_id=client_id)

    def list_first(self, people: QuerySet[Subject], most: int) -> list[UUID]:  # noqa: ARG002 -- read by two indexes
        """List the ids of some of the people: those whose main role it is, then those who have it besides."""
        own = Subject.objects.filter(client_id=self.client_id).order_by()
        main = begin_with_people(own.filter(role=self.role)).values_list("pk", flat=True)
        besides = begin_with_people(own.filter(HasSeveralRoles(), other_roles__contains=[self.role]))
        return list(main.union(besides.values_list("pk", flat=True), all=True).order_by()[:most])


SHOWN_IN_PANEL = 50
IN_SUMMARY = 3


@pages.person_summaries.connect
def summarize_classes(request: HttpRequest, row: Subject) -> list[pages.SummaryLine]:
    """Return the classes in which a person is today, with the school. One query."""
    today = row.client.day_at(get_action_time(request))
    found = take_first(selectors.list_enrolments(row).filter(selectors.where_current(today)), IN_SUMMARY)
    answer = join_words([*(selectors.format_place(one.school_class) for one in found), *(["…"] if found.note else [])])
    return [pages.SummaryLine(gettext("School and classes"), answer, "#panel-enrolments")] if found else []


@pages.person_panels.connect
def enrolments_panel(request: HttpRequest, row: Subject) -> dict[str, object] | None:
    """Return a person's classes, the latest first; None if there are none. One query."""
    found = take_latest(selectors.list_enrolments(row), SHOWN_IN_PANEL)
    if not found:
        return None
    today = row.client.day_at(get_action_time(request))
    lines = found.map(lambda row: {"row": row, "state": _panel_pill(row, today)})
    return {"template": "console/panels/enrolments.html", "rows": lines}


def _panel_pill(row: Enrolment, today: date) -> SafeString:
    if row.starts_on > today:
        return render_state(gettext("Later"), "warn")
    if row.ends_on is not None and row.ends_on <= today:
        return render_state(gettext("Ended"))
    return render_state(gettext("Now"), "good")


class MoveForm(RowActionForm):
    leaving = forms.MultipleChoiceField(label=_("Classes that end"), required=False, widget=CheckboxSelectMultiple)
    joining = forms.CharField(
        label=_("New class"),
        max_length=255,
        widget=SuggestionInput,
        help_text=_("Its name or LMS id; a class of any school of this client."),
    )
    on = forms.DateField(
        label=_("First day in the new class"),
        widget=DayInput,
        help_text=_("The classes that end do so with the day before."),
    )
    row: Subject

    def prepare(self) -> None:
        self.at = get_action_time(self.request)
        with in_client(self.row.client_id):
            today = self.row.client.day_at(self.at)
            people, of = [self.row.pk], self.row.client_id
            rows = selectors.list_moving_enrolments(of, people, leaving=None, joining=(), on=today)
            found = {str(one.school_class_id): selectors.format_place(one.school_class) for one in rows}
            offered = [(one.external_id, one.name) for one in selectors.read_places(SchoolClass, self.row.client_id)]
        self.fields["joining"].widget.suggestions = offered
        set_choices(self, "leaving", found.items())
        self.initial.update(leaving=list(found), on=today)
        if not found:
            del self.fields["leaving"]

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        if self.errors:
            return cleaned
        try:
            with in_client(self.row.client_id):
                joining = read_place(cleaned["joining"], self.row.client_id, [SchoolClass]).key
                leaving = [UUID(key) for key in cleaned.get("leaving", ())]
                cleaned["move"] = Move(people=[self.row.pk], leaving=leaving, joining=[joining], on=cleaned["on"])
                check_move(cleaned["move"], client=self.row.client, at=self.at)
        except ValidationError as error:
            add_service_error(self, error if hasattr(error, "error_dict") else ValidationError({"joining": error}))
        return cleaned


def _move(row: Subject, given: FormData, request: HttpRequest) -> None:
    move_pupils(given["move"], client=row.client, **by_user_for(request, given["reason"]))


def _is_pupil(row: Subject, _at: datetime) -> bool:
    return row.is_recorded and row.is_account_open and not {row.role, *row.other_roles}.isdisjoint(selectors.PUPILS)


pages.person_acts.connect(
    RowAction(
        "moves-class",
        "Move to another school or class",
        Capability.REGISTER_SUBJECTS,
        _move,
        form=MoveForm,
        lead="Within this client nothing is lost: consents, guardians, what is held, requests and the history are "
        "about the pupil and stay. Only classes end and begin. Move the pupil in the LMS too: what the LMS or the "
        "next roster states counts.",
        done="The pupil is moved. Consents, guardians, holdings and requests are unchanged.",
        applies=_is_pupil,
    )
)
pages.person_acts.connect(
    act_page(leave_client, applies=lambda row, at: _is_pupil(row, at) and selectors.is_only_pupil(row))
)
