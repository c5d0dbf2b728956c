"""Console pages of schools, terms and classes, and what they add to people's pages."""

import re
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.admin.people import person_url
from paktaleem.directory.people.fields import parse_grade
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.roles import HasSeveralRoles, SubjectRole, having_role
from paktaleem.directory.schools.models import Enrolment, School, SchoolClass, Term
from paktaleem.directory.schools.places import Place, PlaceModel, find_places, list_places
from paktaleem.directory.schools.selections import Selection
from paktaleem.directory.schools.selectors import (
    filter_by_grades,
    find_unknown_grades,
    find_unknown_places,
    get_day,
    list_enrolments,
    list_people_of_class,
    list_terms_of_class,
    select_current_enrolments,
    select_enrolments_at_school,
    select_enrolments_in_class,
    select_in_grades,
    where_current,
)
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import day, render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ChosenFilter, TypedFilter, get_filtered_client
from paktaleem.foundation.console.person_pages import (
    SummaryLine,
    person_filters,
    person_panels,
    person_row_filters,
    person_summaries,
)
from paktaleem.foundation.console.requests import get_action_time
from paktaleem.foundation.console.row_search import RowSearch
from paktaleem.foundation.console.search import searches
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.widgets import SuggestionInput
from paktaleem.foundation.first_rows import take_first, take_latest
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.limited_lists import ArrayOfIds, IsAmong, begin_with_people
from paktaleem.foundation.text.times import isolate
from paktaleem.foundation.text.word_lists import join_words

SHOWN = 200
"""Number of classes or people shown on a page."""


def school_url(school_id: Any) -> str:
    """Return the URL of a school's page."""
    return reverse("admin:schools_school_change", args=[school_id], current_app=site.name)


def class_url(class_id: Any) -> str:
    """Return the URL of a class's page."""
    return reverse("admin:schools_schoolclass_change", args=[class_id], current_app=site.name)


def _pill(row: Any) -> SafeString:
    """Return whether the source still lists the row."""
    if row.ended_at is not None:
        return render_state(gettext("Ended {day}").format(day=day(row.ended_at)))
    return render_state(gettext("In use"), "good")


class ListedFilter(admin.SimpleListFilter):
    """Filter by whether the source still lists the row."""

    title = "state"
    parameter_name = "listed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return both states."""
        return [("yes", gettext("In use")), ("no", gettext("Ended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Filter the list."""
        return queryset.filter(ended_at__isnull=self.value() == "yes") if self.value() in {"yes", "no"} else queryset


class SourcedAdmin(EvidenceAdmin):
    """Read-only list of rows that rosters and the learning platform state."""

    view_capability = Capability.VIEW_ROSTERS
    newest_by = "recorded_at"
    state = state_column(_pill)


@admin.register(School, site=site)
class SchoolAdmin(ExportableAdmin, SourcedAdmin):
    """Schools and the organisations above them."""

    list_display = ("name", "kind", "parent", "owner", "state", "recorded_at")
    list_filter = (ListedFilter, "kind", "client")
    exported = {
        "school": "external_id",
        "name": "name",
        "kind": "kind",
        "parent": "parent__external_id",
        "origin": "origin",
        "recorded_at": "recorded_at",
        "ended_at": "ended_at",
    }
    detail_fields = ("name", "external_id", "kind", "parent", "state", "origin", "recorded_at", "changed_at")
    intro = "Schools and districts, as rosters and the learning platform state them."
    empty_text = "No schools yet. A OneRoster package or the learning platform states them."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related organisations."""
        return super().get_queryset(request).select_related("parent")

    def panels(self, request: HttpRequest, row: School) -> list[dict[str, Any]]:
        """Return the panel with the school's classes."""
        del request
        with in_client(row.client_id):
            found = SchoolClass.objects.filter(client_id=row.client_id, school=row, ended_at=None)
            rows = take_first(found.order_by("title", "id"), SHOWN)
        lines = rows.map(lambda one: {"title": one.title, "url": class_url(one.pk), "kind": one.get_kind_display()})
        return [{"template": "console/panels/classes.html", "rows": lines}]


@admin.register(Term, site=site)
class TermAdmin(SourcedAdmin):
    """Terms and school years."""

    list_display = ("title", "kind", "starts_on", "ends_on", "owner", "state")
    list_filter = ("kind", "client")
    detail_fields = ("title", "external_id", "kind", "starts_on", "ends_on", "parent", "state", "origin", "recorded_at")
    intro = "Terms and school years, as rosters and the learning platform state them. The last day is not included."
    empty_text = "No terms yet. A OneRoster package or the learning platform states them."


@admin.register(SchoolClass, site=site)
class SchoolClassAdmin(ExportableAdmin, SourcedAdmin):
    """Classes and the people in them."""

    list_display = ("title", "in_school", "grade", "kind", "owner", "state", "recorded_at")
    list_filter = (ListedFilter, "kind", "client")
    exported = {
        "class": "external_id",
        "title": "title",
        "kind": "kind",
        "grade": "grade",
        "school": "school__external_id",
        "origin": "origin",
        "recorded_at": "recorded_at",
        "ended_at": "ended_at",
    }
    detail_fields = (
        "title",
        "external_id",
        "in_school",
        "grade",
        "kind",
        "terms",
        "state",
        "origin",
        "recorded_at",
        "changed_at",
    )
    intro = "Classes, as rosters and the learning platform state them. Open one to see who is in it."
    empty_text = "No classes yet. A OneRoster package or the learning platform states them."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related schools."""
        return super().get_queryset(request).select_related("school")

    @admin.display(description="school")
    def in_school(self, row: SchoolClass) -> SafeString | str:
        """Return a link to the school."""
        return format_html('<a href="{}">{}</a>', school_url(row.school_id), row.school) if row.school else "—"

    @admin.display(description="terms")
    def terms(self, row: SchoolClass) -> str:
        """Return the titles of the terms."""
        with in_client(row.client_id):
            return join_words(str(one) for one in list_terms_of_class(row)) or "—"

    def panels(self, request: HttpRequest, row: SchoolClass) -> list[dict[str, Any]]:
        """Return the panel with the people who are in the class today."""
        with in_client(row.client_id):
            today = get_day(Client.objects.get(pk=row.client_id), get_action_time(request))
            return [_people_panel(row, today)]


def _people_panel(row: SchoolClass, today: date) -> dict[str, Any]:
    lines = take_first(list_people_of_class(row, on=today), SHOWN).map(
        lambda one: {
            "person": one.subject,
            "url": person_url(one.subject_id),
            "role": one.get_role_display(),
            "starts_on": one.starts_on,
            "ends_on": one.ends_on,
        }
    )
    return {"template": "console/panels/class_people.html", "rows": lines}


searches.connect(RowSearch(School, ("external_id", "name"), begins=True))
searches.connect(RowSearch(SchoolClass, ("external_id", "title"), begins=True))


class DayFilter(TypedFilter):
    """Filter by what people are today: their school, class or grade."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the people who are there today."""
        value, client_id = (self.value() or "").strip(), get_filtered_client(request)
        if not value or client_id is None:
            return queryset
        today = get_day(Client.objects.get(pk=client_id), get_action_time(request))
        return self.keep(queryset, client_id, value, on=today)

    def keep(self, people: QuerySet[Any], client_id: UUID, value: str, *, on: date) -> QuerySet[Any]:
        """Return those of the people who are there on a day."""
        raise NotImplementedError


def _list_enrolled(enrolments: QuerySet[Any], most: int) -> list[UUID]:
    """List the ids of the enrolled; more than ``most``, also the same ones again, if the enrolments are many."""
    rows = begin_with_people(enrolments).order_by().values_list("subject_id", flat=True)[: 2 * most]
    return list(rows if len(rows) == 2 * most else dict.fromkeys(rows))


class PlaceFilter(DayFilter):
    """Filter by a school or class in which people are enrolled today."""

    select: ClassVar[Any]
    """The enrolments there: of a client, by LMS id, on a day."""

    def keep(self, people: QuerySet[Any], client_id: UUID, value: str, *, on: date) -> QuerySet[Any]:
        """Return those of the people who are enrolled there."""
        self.enrolments: QuerySet[Any] = type(self).select(client_id, value, on=on)
        return people.filter(pk__in=self.enrolments.values("subject_id"))

    def list_first(self, people: QuerySet[Any], most: int) -> list[UUID]:  # noqa: ARG002 -- read from the enrolments
        """List the ids of some of the people."""
        return _list_enrolled(self.enrolments, most)

    def find_among(self, people: QuerySet[Any], ids: Collection[UUID]) -> set[UUID]:  # noqa: ARG002
        """Return the ids of those who are enrolled there."""
        rows = self.enrolments.filter(IsAmong(F("subject_id"), ArrayOfIds(ids)))
        return {*rows.order_by().values_list("subject_id", flat=True)}


@person_filters.connect
class SchoolFilter(PlaceFilter):
    """Filter by the LMS id of a school."""

    title = gettext_noop("school")
    parameter_name = "school"
    placeholder = gettext_noop("LMS id of a school")
    select = staticmethod(select_enrolments_at_school)


@person_filters.connect
class ClassFilter(PlaceFilter):
    """Filter by the LMS id of a class."""

    title = gettext_noop("class")
    parameter_name = "class"
    placeholder = gettext_noop("LMS id of a class")
    select = staticmethod(select_enrolments_in_class)


@person_filters.connect
class GradeFilter(DayFilter):
    """Filter by grade, in any usual writing."""

    title = gettext_noop("grade")
    parameter_name = "grade"
    placeholder = gettext_noop("Such as 7 or KG")

    def keep(self, people: QuerySet[Any], client_id: UUID, value: str, *, on: date) -> QuerySet[Any]:
        """Return the people of the grade; none if the text is no grade."""
        try:
            grades = [parse_grade(value)]
        except ValueError:
            grades = []
        enrolments = select_current_enrolments(client_id, on)
        self.own, self.by_class = select_in_grades(client_id, enrolments, grades)
        return filter_by_grades(people, client_id, enrolments, grades)

    def list_first(self, people: QuerySet[Any], most: int) -> list[UUID]:  # noqa: ARG002 -- read by two indexes
        """List the ids of some of the people: those whose own grade it is, then those of its classes."""
        own = begin_with_people(self.own).order_by().values_list("pk", flat=True)[:most]
        return [*own, *_list_enrolled(self.by_class, most)]

    def find_among(self, people: QuerySet[Any], ids: Collection[UUID]) -> set[UUID]:  # noqa: ARG002
        """Return the ids of those who are in the grade."""
        own = self.own.filter(IsAmong(F("pk"), ArrayOfIds(ids))).order_by().values_list("pk", flat=True)
        rows = self.by_class.filter(IsAmong(F("subject_id"), ArrayOfIds(ids))).order_by()
        return {*own, *rows.values_list("subject_id", flat=True)}


@person_row_filters.connect
class PersonRoleFilter(ChosenFilter):
    """Filter by a role that people have, as their main role or besides it, within one client."""

    title = gettext_noop("role of the person")
    titles: ClassVar[dict[str, str]] = {"child": gettext_noop("role of the child")}
    parameter_name = "person_role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        """Return the roles."""
        return list(SubjectRole.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the people who have the role."""
        role, client_id = self.value(), get_filtered_client(request)
        if role not in SubjectRole.values or client_id is None:
            return queryset
        self.client_id, self.role = client_id, str(role)
        return queryset.filter(having_role(self.role), client_id=client_id)

    def list_first(self, people: QuerySet[Any], most: int) -> list[UUID]:  # noqa: ARG002 -- read by two indexes
        """List the ids of some of the people: those whose main role it is, then those who have it besides."""
        own = Subject.objects.filter(client_id=self.client_id).order_by()
        main = begin_with_people(own.filter(role=self.role)).values_list("pk", flat=True)
        besides = begin_with_people(own.filter(HasSeveralRoles(), other_roles__contains=[self.role]))
        return list(main.union(besides.values_list("pk", flat=True), all=True).order_by()[:most])


SHOWN_IN_PANEL = 50
IN_SUMMARY = 3


@person_summaries.connect
def summarize_classes(request: HttpRequest, row: Subject) -> list[SummaryLine]:
    """Return the classes in which a person is today, with the school; nothing if there are none. One query."""
    today = get_day(row.client, get_action_time(request))
    found = take_first(list_enrolments(row).filter(where_current(today)), IN_SUMMARY)
    named = [_school_name(one.school_class) for one in found]
    answer = join_words([*named, *(["…"] if found.note else [])])
    return [SummaryLine(gettext("School and classes"), answer, "#panel-enrolments")] if found else []


@person_panels.connect
def enrolments_panel(request: HttpRequest, row: Subject) -> dict[str, Any] | None:
    """Return a person's classes, the latest first; None if there are none. One query."""
    found = take_latest(list_enrolments(row), SHOWN_IN_PANEL)
    if not found:
        return None
    today = get_day(row.client, get_action_time(request))
    lines = found.map(lambda one: _line(one, _panel_pill(one, today)))
    return {"template": "console/panels/enrolments.html", "rows": lines}


def _school_name(of: SchoolClass) -> str:
    return f"{of} ({of.school})" if of.school else str(of)


def _line(row: Enrolment, state: SafeString) -> dict[str, Any]:
    of = row.school_class
    return {
        "title": of.title,
        "url": class_url(of.pk),
        "school": of.school,
        "school_url": school_url(of.school_id) if of.school_id else "",
        "role": row.get_role_display(),
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "state": state,
    }


def _panel_pill(row: Enrolment, today: Any) -> SafeString:
    if row.starts_on > today:
        return render_state(gettext("Later"), "warn")
    if row.ends_on is not None and row.ends_on <= today:
        return render_state(gettext("Ended"))
    return render_state(gettext("Now"), "good")


PLACE = "place"
"""Name of the field of schools and classes in every form."""
_NOT_FOUND: dict[tuple[PlaceModel, ...], str] = {
    (School, SchoolClass): gettext_noop("No school or class in use at this client has this name or id: {text}."),
    (SchoolClass,): gettext_noop("No class in use at this client has this name or id: {text}."),
    (School,): gettext_noop("No school in use at this client has this name or id: {text}."),
}
CHOOSING = ("ids", PLACE, "grade", "role", "beginning")
"""Names of the fields of ``SelectionForm``, in order."""
PUPIL_ROLES = [
    ("", _("Every role")),
    *((role.value, role.label) for role in (SubjectRole.STUDENT, SubjectRole.LEARNER)),
]
"""Choices of a role in a form about pupils."""
_COMMAS = re.compile(r"[,\u060c\n]")
_NAMED = 10
"""How many names of places are looked up, and how many ids an error names."""
_BETWEEN = {"ur": "؛ "}


class PlaceField(forms.CharField):
    """A school or a class, by name or LMS id. The form calls ``offer_places`` and ``read_place``."""

    widget = SuggestionInput

    def __init__(self, *, of: Collection[PlaceModel], **kwargs: Any) -> None:
        """Set the length; ``of`` says whether schools, classes or both are meant."""
        self.of = of
        super().__init__(**{"max_length": 255, **kwargs})


class LinesField(forms.CharField):
    """Ids, one per line; the cleaned value lists them without duplicates."""

    def __init__(self, *, rows: int, **kwargs: Any) -> None:
        """Set the height of the field."""
        values: dict[str, Any] = {"required": False, "max_length": 20_000, "widget": forms.Textarea({"rows": rows})}
        super().__init__(**{**values, **kwargs})

    def clean(self, value: Any) -> Any:
        """Return the ids in their order."""
        lines = (line.strip() for line in str(super().clean(value)).splitlines())
        return list(dict.fromkeys(line for line in lines if line))


class PlacesField(LinesField):
    """Schools or classes, by name or LMS id; the people in one of them today are chosen."""

    def __init__(self, **kwargs: Any) -> None:
        """Set label, height and help."""
        values: dict[str, Any] = {
            "rows": 2,
            "label": _("Schools or classes"),
            "help_text": _("Names or LMS ids, one per line. Only people who are in one of them today."),
        }
        super().__init__(**{**values, **kwargs})


class GradesField(forms.CharField):
    """Grades in any usual writing, with commas between them; the cleaned value lists each in its one form."""

    def __init__(self, **kwargs: Any) -> None:
        """Set label, length and help."""
        values: dict[str, Any] = {
            "label": _("Grades"),
            "required": False,
            "max_length": 500,
            "help_text": _("Such as 7, or 9, 10. Only pupils of these grades: their own, or that of their class."),
        }
        super().__init__(**{**values, **kwargs})

    def clean(self, value: Any) -> Any:
        """Return the grades in their one form."""
        try:
            found = [parse_grade(one) for one in _COMMAS.split(str(super().clean(value)))]
        except ValueError as error:
            raise ValidationError(gettext("Use a grade such as 7 or KG.")) from error
        return list(dict.fromkeys(one for one in found if one))


class SelectionForm(forms.Form):
    """A form that chooses people: those whom all filled fields describe."""

    most_ids: int | None = None
    """Largest number of ids, or None for no limit of the form."""

    ids = LinesField(
        rows=6,
        label=_("People, by LMS id"),
        help_text=_("One per line. Leave it empty to select people by the fields below."),
    )
    place = PlacesField()
    grade = GradesField()
    role = forms.ChoiceField(label=_("Role"), required=False, choices=[("", _("Every role")), *SubjectRole.choices])
    beginning = forms.CharField(
        label=_("LMS id begins with"), required=False, max_length=255, help_text=_("Empty: all of them.")
    )

    def clean_ids(self) -> list[str]:
        """Return the ids; no more than the form takes."""
        ids: list[str] = self.cleaned_data["ids"]
        if self.most_ids is not None and len(ids) > self.most_ids:
            raise ValidationError(gettext("Enter at most {number} ids.").format(number=self.most_ids))
        return ids

    def check_selection(self, client_id: UUID | None) -> None:
        """Add an error to each field that names a school, class or grade that the client does not have."""
        places, grades = self.cleaned_data.get(PLACE), self.cleaned_data.get("grade")
        if client_id is None:
            return
        if places:
            self._read_places(places, client_id)
        if grades and (unknown := find_unknown_grades(client_id, grades)):
            self.add_error(
                "grade", _name(gettext("No person or class in use at this client is of this grade: {ids}."), unknown)
            )

    def _read_places(self, places: Sequence[str], client_id: UUID) -> None:
        """Replace names of schools and classes by LMS ids; add an error for each of the first that cannot be read."""
        ids, names = [], find_unknown_places(client_id, places)
        for text in places:
            try:
                ids.append(read_place(text, client_id).external_id if text in names[:_NAMED] else text)
            except ValidationError as error:
                self.add_error(PLACE, error)
        if len(names) > _NAMED and PLACE not in self.errors:
            self.add_error(PLACE, gettext("Enter at most 10 names; use the LMS ids of the others."))
        if PLACE not in self.errors:
            self.cleaned_data[PLACE] = ids

    @property
    def selection(self) -> Selection:
        """The people that the valid form chooses; a field that a form leaves out is no condition."""
        given = self.cleaned_data
        return Selection(
            ids=tuple(given.get("ids") or ()),
            places=tuple(given.get(PLACE) or ()),
            grades=tuple(given.get("grade") or ()),
            role=given.get("role") or "",
            beginning=(given.get("beginning") or "").strip(),
        )


def offer_places(form: forms.BaseForm, name: str, client_id: UUID) -> None:
    """Let the place field of a form suggest the client's schools and classes."""
    field = form.fields[name]
    if isinstance(field, PlaceField):
        field.widget.suggestions = [(one.external_id, one.name) for one in list_places(client_id, field.of)]


def read_place(text: str, client_id: UUID, of: Collection[PlaceModel] = (School, SchoolClass)) -> Place:
    """Return the school or class that a text names. Raises ValidationError if none or several have this name."""
    found = find_places(client_id, text, of)
    if not found:
        raise ValidationError(gettext(_NOT_FOUND[tuple(of)]).format(text=text))
    if len({one.external_id for one in found}) > 1:
        ids = join_words(f"{one.external_id} – {one.name}" for one in found)
        words = gettext("“{text}” is the name of several. Use the LMS id: {ids}.")
        raise ValidationError(words.format(text=text, ids=ids))
    return found[0]


def describe_selection(chosen: Selection) -> str:
    """Return the filled conditions but ids as a text of a page: “Grades: 9, 10; Role: Student”."""
    role = SubjectRole(chosen.role).label if chosen.role else ""
    conditions = (
        (gettext("Schools or classes"), join_words(isolate(one) for one in chosen.places)),
        (gettext("Grades"), join_words(chosen.grades)),
        (gettext("Role"), role),
        (gettext("LMS id begins with"), isolate(chosen.beginning) if chosen.beginning else ""),
    )
    return _BETWEEN.get(get_language() or "", "; ").join(f"{label}: {value}" for label, value in conditions if value)


def _name(text: str, ids: Sequence[str]) -> str:
    shown = list(ids[:_NAMED])
    return text.format(ids=join_words([*shown, "…"] if len(ids) > _NAMED else shown))
