"""Suspensions of agreements, instructions, recipients and their approvals in the console."""

from django.contrib import admin

from consent.register.admin.row_admin import PeriodAdmin
from consent.register.admin.safeguards import SafeguardedAdmin, cancel_act, end_act
from consent.register.models.agreements import AgreementSuspension, Instruction, Recipient, RecipientApproval
from consent.register.models.purposes import DataCategory, Purpose
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.site import site


class AgreementRowAdmin(PeriodAdmin):
    """Rows that belong to an agreement."""

    list_select_related = ("agreement",)
    list_filter = ("client",)


@admin.register(AgreementSuspension, site=site)
class AgreementSuspensionAdmin(AgreementRowAdmin):
    """Periods in which an agreement is suspended."""

    add_capability = Capability.MANAGE_AGREEMENTS
    change_capability = None
    row_fields = ("agreement", "starts_at", "ends_at")
    fixed = ("agreement", "starts_at", "ends_at")
    list_display = ("agreement", "owner", "state", "starts_at", "ends_at")
    intro = (
        "While an agreement is suspended, data is stored and deleted, and not otherwise processed. The agreement’s own "
        "page resumes it, by two officers."
    )
    empty_text = "No agreement was ever suspended."


@admin.register(Instruction, site=site)
class InstructionAdmin(AgreementRowAdmin):
    """Instructions of clients."""

    row_fields = ("agreement", "document", "purposes", "categories", "recipients", "starts_at", "ends_at")
    fixed = ("agreement", "starts_at")
    list_display = ("document", "owner", "agreement", "covers", "state", "starts_at")
    fixed_once_started = ("purposes", "categories", "recipients")
    codes = {"purposes": Purpose, "categories": DataCategory, "recipients": Recipient}
    intro = "Written instructions of clients to PakTaleem: purposes, data categories and recipients."
    empty_text = "No instruction yet: without one nothing is processed on a client’s behalf."
    acts = (
        end_act(
            "End instruction", "From now on no data is processed under this instruction.", Capability.MANAGE_REGISTER
        ),
        cancel_act("Cancel instruction", "No data will be processed under it.", Capability.MANAGE_REGISTER),
    )

    @admin.display(description="covers")
    def covers(self, row: Instruction) -> str:
        return f"{len(row.purposes)} purposes, {len(row.categories)} categories"


@admin.register(Recipient, site=site)
class RecipientAdmin(SafeguardedAdmin):
    """Third parties with whom data may be shared."""

    row_fields = (
        "code",
        "name",
        "service",
        "service_ur",
        "kind",
        "agreement_reference",
        "agreement_starts_at",
        "agreement_ends_at",
        "countries",
        "transfer_ground",
        "assurances",
        "address",
    )
    fixed = ("code",)
    detail_fields = ("no_consideration",)
    list_display = ("name", "code", "kind", "service", "countries", "owner")
    list_filter = ("client", "kind")
    search_fields = ("code", "name")
    intro = (
        "Third-party providers under a data processing agreement: their part, agreement, countries and assurances. "
        "Data is shared only while one is approved, and never sold. Once it is approved, its part, its countries and "
        "the ground of a transfer cannot change; another name, or an agreement that lasts longer, takes two officers."
    )
    empty_text = "No recipients: nothing is shared with anyone."


@admin.register(RecipientApproval, site=site)
class RecipientApprovalAdmin(SafeguardedAdmin, PeriodAdmin):
    """Periods in which a recipient is approved; the effect is shown first, and a second officer approves."""

    add_capability = change_capability = Capability.MANAGE_AGREEMENTS
    row_fields = ("recipient", "purposes", "categories", "is_integral", "starts_at", "ends_at")
    fixed = ("recipient", "starts_at")
    detail_fields = ("state", "approved_at", "objection_until")
    list_display = ("recipient", "owner", "state", "objection_until", "starts_at", "ends_at")
    list_filter = ("client",)
    fixed_once_started = ("purposes", "categories", "is_integral")
    codes = {"purposes": Purpose, "categories": DataCategory}
    list_select_related = ("recipient",)
    intro = (
        "Periods in which a recipient is approved for purposes and data categories. A second officer approves each; "
        "then PakTaleem’s are announced to the clients whose data can reach them, and count at a client once its time "
        "to object is over and it does not object."
    )
    empty_text = "No recipient was ever approved: nothing is shared with anyone."
    acts = (
        end_act("End approval", "From now on no data is shared under this approval.", Capability.MANAGE_AGREEMENTS),
        cancel_act("Cancel approval", "No data will be shared under it.", Capability.MANAGE_AGREEMENTS),
    )
