"""Lists of schools, terms and classes, with the classes of a school and the people of a class."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from paktaleem.directory.people.admin.people import person_url
from paktaleem.directory.schools.models import School, SchoolClass, Term
from paktaleem.directory.schools.selectors import get_day, list_people_of_class, list_terms_of_class
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import day, render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.requests import get_action_time
from paktaleem.foundation.console.row_search import RowSearch
from paktaleem.foundation.console.search import searches
from paktaleem.foundation.console.site import site
from paktaleem.foundation.first_rows import take_first
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.word_lists import join_words

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
        return render_state(_("Ended {day}").format(day=day(row.ended_at)))
    return render_state(_("In use"), "good")


class ListedFilter(admin.SimpleListFilter):
    """Filter by whether the source still lists the row."""

    title = "state"
    parameter_name = "listed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return both states."""
        return [("yes", _("In use")), ("no", _("Ended"))]

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
