"""Console pages of security events."""

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from paktaleem.directory.security.security_events.models import KINDS, SecurityEvent, Severity
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import (
    annotate_actor,
    format_actor,
    render_state,
    render_with_code,
    state_column,
    text_column,
)
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ChosenFilter, ClientFilter, ConditionFilter
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.requests import actor_of
from paktaleem.foundation.console.site import site

_TONES = {Severity.LOW: "calm", Severity.MEDIUM: "warn"}


class KindFilter(ChosenFilter):
    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:  # noqa: ARG002
        return sorted(((code, gettext(kind.name)) for code, kind in KINDS.items()), key=lambda one: one[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:  # noqa: ARG002
        return queryset.filter(kind=self.value()) if self.value() else queryset


class SeverityFilter(ConditionFilter):
    title = parameter_name = "severity"
    offered = {"serious": (gettext_lazy("high or critical"), Q(severity__gte=Severity.HIGH))} | {
        str(one.value): (one.label, Q(severity=one)) for one in Severity
    }


@admin.register(SecurityEvent, site=site)
class SecurityEventAdmin(ExportableAdmin[SecurityEvent], EvidenceAdmin[SecurityEvent]):
    view_capability = Capability.VIEW_SECURITY
    list_display = ("event", "level", "happened_at", "count", "actor", "owner")
    list_filter = (SeverityFilter, KindFilter, ClientFilter)
    detail_fields = ("event", "level", "happened_at", "last_at", "count", "actor", "source", "ledger", "alerted_at")
    intro = (
        "Refused sign-ins and keys, lockouts, exports and other acts that matter for security. Refusals of one source "
        "are counted for each hour. Officers get an email if a kind reaches its number."
    )
    empty_text = "No security event has been recorded yet."
    exported = "kind severity happened_at last_at count actor_kind actor_role source"
    event = text_column(lambda row: render_with_code(gettext(row.name), row.kind), "event")
    level = state_column(
        lambda row: render_state(row.get_severity_display(), _TONES.get(row.severity, "bad")), "severity"
    )
    actor = text_column(lambda row: format_actor(row) if row.actor_kind else "—", "by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SecurityEvent]:
        return annotate_actor(super().get_queryset(request), actor_of(request))

    @admin.display(description="ledger entry")
    def ledger(self, row: SecurityEvent) -> SafeString | str:
        if row.entry is None:
            return "—"
        url = reverse("admin:audit_entry_change", args=[row.entry], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, gettext("Open"))
