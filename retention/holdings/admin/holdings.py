"""Console pages of reported collections and of holdings."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.client_choice import get_chosen_client, list_choice_values
from paktaleem.foundation.console.columns import render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.register_names import CodeKind, format_category, format_codes, format_purposes
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.site import site
from paktaleem.foundation.word_lists import join_words
from retention.holdings.models.holdings import Collection, Holding
from retention.holdings.picture import WIDTH, Bar, draw_bars
from retention.holdings.selectors import count_by_age

"""The URL parameter that limits the list of holdings to one person."""
_PERMITTED = "permitted"


def person_link(row: Any) -> SafeString:
    """Return a link to the person of a row."""
    url = reverse("admin:subjects_subject_change", args=[row.subject_id], current_app=site.name)
    return format_html('<a href="{}">{}</a>', url, row.subject)


class OfPersonAdmin(EvidenceAdmin):
    """Base of the console pages of rows about a person."""

    view_capability = Capability.VIEW_HOLDINGS
    list_filter = ("client",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related person and system."""
        return super().get_queryset(request).select_related("subject", "system")

    def describe_row(self, row: Any) -> str:
        """Return the name of the category."""
        return format_category(row.category, row.client_id)

    @admin.display(description="person")
    def person(self, row: Any) -> SafeString:
        """Return a link to the person."""
        return person_link(row)


@admin.register(Collection, site=site)
class CollectionAdmin(ExportableAdmin, OfPersonAdmin):
    """Console page of collections, newest first."""

    list_display = ("reported_at", "category", "person", "occasion", "purpose", "allowed", "owner")
    newest_by = "reported_at"
    row_fields = ("category", "occasion", "purpose", "count")
    exported = {
        "person": "subject__external_id",
        "system": "system__code",
        "category": "category",
        "occasion": "occasion",
        "purpose": "purpose",
        "count": "count",
        "decision": "reason",
        "collected_at": "collected_at",
        "reported_at": "reported_at",
    }
    detail_fields = ("person", "system", "allowed", "collected_at", "reported_at")
    intro = "Data that systems reported as collected, with the decision at the time of collection."
    empty_text = "No system has reported a collection yet."
    allowed = state_column(
        lambda row: render_state(row.reason.replace("_", " "), "good" if row.reason == _PERMITTED else "bad"),
        "decision",
    )


@admin.register(Holding, site=site)
class HoldingAdmin(ExportableAdmin, OfPersonAdmin):
    """Console page of holdings, most recently collected first."""

    list_display = ("last_collected_at", "category", "person", "system", "count", "state", "owner")
    newest_by = "last_collected_at"
    change_list_template = "console/holdings.html"
    row_fields = ("category", "count")
    exported = {
        "person": "subject__external_id",
        "system": "system__code",
        "category": "category",
        "count": "count",
        "first_collected_at": "first_collected_at",
        "last_collected_at": "last_collected_at",
        "last_activity_at": "last_activity_at",
        "ended_at": "ended_at",
    }
    detail_fields = (
        "person",
        "system",
        "state",
        "about",
        "why",
        "first_collected_at",
        "last_collected_at",
        "last_activity_at",
        "ended_at",
    )
    intro = "Data held about people, by category and system, derived from reported collections and erasures."
    empty_text = "No data is known to be held yet."
    state = state_column(
        lambda row: (
            render_state(gettext("Held"), "warn") if row.ended_at is None else render_state(gettext("Deleted"), "good")
        )
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the picture of a client's holdings."""
        view = self.admin_site.admin_view(self.picture_view)
        return [path("picture/", view, name="retention_holding_picture"), *super().get_urls()]

    def picture_view(self, request: HttpRequest) -> HttpResponse:
        """Show a client's holdings by category and age."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        actor, at = actor_of(request), get_action_time(request)
        client = get_chosen_client(request)
        bars = draw_bars(count_by_age(actor, client.pk, at=at))
        values = {
            "title": gettext("Holdings by category and age"),
            **list_choice_values(request, client),
            "bars": [_serialize_bar(bar, client.pk) for bar in bars],
            "ages": list_age_labels(),
            "width": WIDTH,
        }
        return self.page(request, None, "console/holdings_picture.html", **values)

    @admin.display(description="occasions")
    def about(self, row: Holding) -> str:
        """Return the occasions of collection."""
        return format_codes(CodeKind.OCCASION, row.occasions, row.client_id)

    @admin.display(description="purposes")
    def why(self, row: Holding) -> str:
        """Return the purposes of collection."""
        return format_purposes(row.purposes, row.client_id)


def list_age_labels() -> list[str]:
    """Return the names of the ages of holdings, youngest first."""
    return [
        gettext("Up to 1 year"),
        gettext("1 to 2 years"),
        gettext("2 to 3 years"),
        gettext("3 to 5 years"),
        gettext("More than 5 years"),
    ]


def _serialize_bar(bar: Bar, client_id: UUID) -> dict[str, Any]:
    """Return a bar with the same in words: for the picture's description, and for the table's cells."""
    ages = list_age_labels()
    numbers = [0] * len(ages)
    for segment in bar.segments:
        numbers[segment.age] = segment.number
    words = join_words(f"{ages[segment.age]}: {segment.number}" for segment in bar.segments)
    return {"category": format_category(bar.category, client_id), "numbers": numbers, "bar": bar, "words": words}
