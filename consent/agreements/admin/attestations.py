"""Attested duties of clients in the console: read only; confirmed on the agreement's page."""

from typing import Any

from django.contrib import admin
from django.utils.translation import get_language

from consent.agreements.duties import DUTIES
from consent.agreements.models import DutyAttestation
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.site import site


@admin.register(DutyAttestation, site=site)
class DutyAttestationAdmin(EvidenceAdmin):
    """Duties that clients attested, newest first."""

    view_capability = Capability.VIEW_REGISTER
    list_display = ("statement", "owner", "valid_until", "attested_at")
    list_filter = ("client",)
    newest_by = "attested_at"
    detail_fields = ("statement", "notice_url", "text_version", "text_hash", "valid_until", "attested_at")
    intro = "What clients confirmed as controllers, each for a year. A client confirms it on the agreement’s page."
    empty_text = "No client has confirmed its duties yet."

    @admin.display(description="statement")
    def statement(self, row: Any) -> str:
        """Return the text of the duty."""
        urdu = get_language() == "ur"
        return next((one.text_ur if urdu else one.text_en for one in DUTIES if one.code == row.duty), row.duty)
