"""Acceptances of risks in the console, for a second officer."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from paktaleem.directory.security_assessments.models import RiskAcceptance
from paktaleem.directory.security_assessments.services.acceptances import decide_acceptance
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.approvals import approval_actions, change_state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.site import site


@admin.register(RiskAcceptance, site=site)
class RiskAcceptanceAdmin(EvidenceAdmin):
    """Console page of requests to accept the risk of a finding."""

    view_capability = Capability.VIEW_SECURITY_ASSESSMENTS
    ledger_families = ("security_assessment",)
    officers_only = True
    owner_column = None
    list_display = ("requested_at", "finding", "until", "standing")
    list_filter = ("state",)
    newest_by = "requested_at"
    detail_fields = ("finding", "ground", "until", "standing", "requested_at", "settled_at")
    intro = (
        "Findings whose risk one officer wants to accept until a day. The day by which a finding is mended moves once "
        "a second officer agrees; on the day on which the acceptance ends it is due again."
    )
    empty_text = "No acceptance has been requested."
    standing = change_state_column
    acts = approval_actions(
        decide_acceptance,
        approve="Accept the risk",
        decline="Decline",
        lead="Read the finding first. It is due again on the day on which the acceptance ends.",
        capability=Capability.MANAGE_SECURITY_ASSESSMENTS,
        danger=True,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related finding."""
        return super().get_queryset(request).select_related("finding")
