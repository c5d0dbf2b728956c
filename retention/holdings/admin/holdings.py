"""Console pages of reported collections and of holdings."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.site import site
from retention.holdings.models import Collection, Holding

__all__ = ["CollectionAdmin", "HoldingAdmin", "person_link"]

_PERMITTED = "permitted"


def person_link(row: Any) -> SafeString:
    """Return a link to the person of a row."""
    url = reverse("admin:subjects_subject_change", args=[row.subject_id], current_app=site.name)
    return format_html('<a href="{}">{}</a>', url, row.subject)


class OfPersonAdmin(EvidenceAdmin):
    """Base of the console pages of rows about a person."""

    section = "Retention"
    view_capability = Capability.VIEW_HOLDINGS
    list_filter = ("client",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related person and system."""
        return super().get_queryset(request).select_related("subject", "system")

    @admin.display(description="person")
    def person(self, row: Any) -> SafeString:
        """Return a link to the person."""
        return person_link(row)


@admin.register(Collection, site=site)
class CollectionAdmin(OfPersonAdmin):
    """Console page of collections, newest first."""

    list_display = ("reported_at", "category", "person", "occasion", "purpose", "allowed", "owner")
    newest_by = "reported_at"
    row_fields = ("category", "occasion", "purpose", "count")
    detail_fields = ("person", "system", "allowed", "collected_at", "reported_at")
    intro = "Data that systems reported as collected, with the decision at the time of collection."
    empty_text = "No system has reported a collection yet."
    allowed = state_column(
        lambda row: render_state(row.reason.replace("_", " "), "good" if row.reason == _PERMITTED else "bad"),
        "decision",
    )


@admin.register(Holding, site=site)
class HoldingAdmin(OfPersonAdmin):
    """Console page of holdings, most recently collected first."""

    list_display = ("last_collected_at", "category", "person", "system", "count", "state", "owner")
    newest_by = "last_collected_at"
    row_fields = ("category", "count")
    detail_fields = ("person", "system", "state", "about", "why", "first_collected_at", "last_collected_at", "ended_at")
    intro = "Data held about people, by category and system, derived from reported collections and erasures."
    empty_text = "No data is known to be held yet."
    state = state_column(
        lambda row: render_state(_("Held"), "warn") if row.ended_at is None else render_state(_("Deleted"), "good")
    )

    @admin.display(description="occasions")
    def about(self, row: Holding) -> str:
        """Return the occasions of collection."""
        return ", ".join(row.occasions)

    @admin.display(description="purposes")
    def why(self, row: Holding) -> str:
        """Return the purposes of collection."""
        return ", ".join(row.purposes)
