"""Console page of business transfers: the approval of a second officer, and each client's notice with its proof."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from consent.notices.admin.announcements import serialize_dispatches
from consent.notices.models.announcements import NoticeDispatch
from consent.sharing.models.transfers import BusinessTransfer
from consent.sharing.services.transfers import decide_business_transfer, request_business_transfer
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.approvals import approval_actions, change_state_column
from paktaleem.foundation.console.model_admin import ScopedAdmin
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.ids import PAKTALEEM


@admin.register(BusinessTransfer, site=site)
class BusinessTransferAdmin(ScopedAdmin):
    """Console page of business transfers, newest first."""

    view_capability = Capability.VIEW_REGISTER
    ledger_families = ("business_transfer",)
    add_capability = Capability.MANAGE_AGREEMENTS
    officers_only = True
    asks_reason = False
    list_display = ("requested_at", "standing", "kind", "other_party", "takes_place_on")
    list_filter = ("state",)
    newest_by = "requested_at"
    sortable_by = ()
    row_fields = ("kind", "other_party", "takes_place_on", "text_en", "text_ur")
    detail_fields = ("standing", "requested_at", "settled_at")
    intro = (
        "Mergers, acquisitions and sales of assets in which personal data is transferred. Once a second officer "
        "approves one, every client is notified 30 days before; the page shows the proof for each client."
    )
    empty_text = "No business transfer is recorded."
    standing = change_state_column
    acts = approval_actions(
        decide_business_transfer,
        approve="Approve and notify clients",
        decline="Decline transfer",
        lead="Every client is notified at once, as of a changed notice.",
        capability=Capability.MANAGE_AGREEMENTS,
        danger=True,
    )

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer PakTaleem alone as the client, and choose it."""
        own = Client.objects.filter(pk=PAKTALEEM)
        return super().formfield_for_foreignkey(db_field, request, **kwargs, queryset=own, initial=PAKTALEEM)

    def write(self, row: Any, **details: Any) -> None:
        """Request the transfer."""
        request_business_transfer(row, actor=details["actor"], at=details["at"])

    def panels(self, request: HttpRequest, row: BusinessTransfer) -> list[dict[str, Any]]:
        """Show the clients that are notified, with the proof and the response of each."""
        if row.announced_as is None:
            return []
        found = NoticeDispatch.objects.filter(version_id=row.announced_as)
        return [{"template": "console/panels/dispatches.html", "rows": serialize_dispatches(request, found)}]
