"""Console page of verifications of guardians, and the act that marks one as false."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from children.guardians.models.guardians import Verification
from children.guardians.services.verifications import mark_verification_false
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site


def _mark_false(row: Verification, given: dict[str, Any], request: HttpRequest) -> None:
    mark_verification_false(row, reason=given["reason"], actor=actor_of(request), at=get_action_time(request))


def _state(row: Verification) -> SafeString:
    at = get_time_of(row.client_id)  # read for every row, so that the number of queries does not depend on the rows
    if row.ended_at is not None:
        return render_state(_("Found false"), "bad")
    if row.expires_at is not None and row.expires_at <= at:
        return render_state(_("Expired"), "warn")
    return render_state(_("Valid"), "good")


@admin.register(Verification, site=site)
class VerificationAdmin(ExportableAdmin, EvidenceAdmin):
    """Console page of verifications."""

    view_capability = Capability.VIEW_CHILD_RECORDS
    list_display = ("verified_at", "child", "guardian", "method", "standing", "owner")
    list_filter = ("method", "client")
    exported = {
        "child": "guardianship__child__external_id",
        "guardian": "guardianship__guardian__external_id",
        "method": "method",
        "strength": "strength",
        "provider": "provider",
        "verified_at": "verified_at",
        "expires_at": "expires_at",
        "ended_at": "ended_at",
    }
    newest_by = "verified_at"
    detail_fields = (
        "standing",
        "child",
        "guardian",
        "method",
        "strength",
        "provider",
        "provider_check_id",
        "verified_at",
        "expires_at",
        "ended_at",
    )
    intro = (
        "How guardians were verified. Only a reference to the evidence, or a provider's number, is stored: never an "
        "identity document, its number or picture, or a card number."
    )
    empty_text = "No guardian has been verified yet."
    standing = state_column(_state)
    acts = (
        RowAction(
            "found-false",
            "Found false",
            Capability.VERIFY_GUARDIANS,
            _mark_false,
            lead="It was not the guardian, or the evidence was not valid. Consent that rests on this verification ends "
            "at once, and data collected on it is quarantined and erased. Name and verify the guardian again.",
            done="Marked as false. Data collected meanwhile is being erased.",
            danger=True,
            applies=lambda row, _at: row.ended_at is None,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related child and guardian."""
        return super().get_queryset(request).select_related("guardianship__child", "guardianship__guardian")

    @admin.display(description="child")
    def child(self, row: Verification) -> str:
        """Return the child's pseudonym."""
        return str(row.guardianship.child)

    @admin.display(description="guardian")
    def guardian(self, row: Verification) -> str:
        """Return the guardian's pseudonym."""
        return str(row.guardianship.guardian)
