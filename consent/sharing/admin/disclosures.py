"""Console page of reported disclosures."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from consent.sharing.models.disclosures import Disclosure
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.register_names import format_categories, format_purpose
from paktaleem.foundation.console.site import site


class DeniedFilter(admin.SimpleListFilter):
    """Shows only the disclosures that the decision denied."""

    title = "decision"
    parameter_name = "denied"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 -- as Django's
        """Offer the denied ones."""
        return [("yes", gettext("Denied"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 -- as Django's
        """Return the denied ones, or all."""
        return queryset.filter(is_denied=True) if self.value() == "yes" else queryset


def render_decision(row: Disclosure) -> SafeString:
    """Render the decision about a disclosure: permitted, or why it was denied."""
    return render_state(row.reason.replace("_", " "), "bad" if row.is_denied else "good")


@admin.register(Disclosure, site=site)
class DisclosureAdmin(ExportableAdmin, EvidenceAdmin):
    """Console page of disclosures, newest first."""

    view_capability = Capability.VIEW_DISCLOSURES
    list_display = ("reported_at", "recipient", "person", "purpose_named", "allowed", "owner")
    list_filter = ("client", DeniedFilter)
    newest_by = "reported_at"
    row_fields = ("categories",)
    exported = {
        "person": "subject__external_id",
        "recipient": "recipient__code",
        "purpose": "purpose",
        "decision": "reason",
        "denied": "is_denied",
        "shared_at": "shared_at",
        "reported_at": "reported_at",
    }
    detail_fields = ("person", "recipient", "system", "purpose_named", "allowed", "shared_at", "reported_at")
    intro = "Data that systems reported as shared with recipients, with the decision at the time of sharing."
    empty_text = "No system has reported a disclosure yet."
    allowed = state_column(render_decision, "decision")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related person, recipient and system."""
        return super().get_queryset(request).select_related("subject", "recipient", "system")

    def describe_row(self, row: Disclosure) -> str:
        """Return the names of the purpose and the categories."""
        return f"{self.purpose_named(row)}: {format_categories(row.categories, row.client_id)}"

    @admin.display(description="purpose")
    def purpose_named(self, row: Disclosure) -> str:
        """Return the name of the purpose."""
        return format_purpose(row.purpose, row.client_id)

    @admin.display(description="person")
    def person(self, row: Disclosure) -> SafeString:
        """Return a link to the person."""
        url = reverse("admin:subjects_subject_change", args=[row.subject_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.subject)
