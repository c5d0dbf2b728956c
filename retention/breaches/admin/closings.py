"""Closings of breaches in the console, for a second person."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.approvals import approval_actions, change_state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.site import site
from retention.breaches.models import BreachClosing
from retention.breaches.services.closing import decide_closing


@admin.register(BreachClosing, site=site)
class BreachClosingAdmin(EvidenceAdmin):
    """Console page of requests to close a breach."""

    view_capability = Capability.VIEW_BREACHES
    ledger_families = ("breach",)
    list_display = ("requested_at", "breach", "standing", "owner")
    list_filter = ("state", "client")
    newest_by = "requested_at"
    detail_fields = ("breach", "ground", "standing", "requested_at", "settled_at")
    intro = "Breaches that one person wants to close. A breach stays open until a second person has checked its file."
    empty_text = "No one has requested to close a breach."
    standing = change_state_column
    acts = approval_actions(
        decide_closing,
        approve="Close the breach",
        decline="Keep the breach open",
        lead="Check the file of the breach first: nothing can be added once it is closed.",
        capability=Capability.MANAGE_BREACHES,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related breach."""
        return super().get_queryset(request).select_related("breach")
