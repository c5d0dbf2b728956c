"""Decisions as shown in the console: allowed or denied, the reason, the lawful basis; and what is logged of them."""

from django.contrib import admin

from consent.decisions.facts import Decision
from consent.decisions.models import DecisionLogSetting
from consent.decisions.services import set_decision_log
from consent.register.compiled import Basis
from consent.register.models.purposes import BASES
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import render_state
from paktaleem.foundation.console.model_admin import Saving, ScopedAdmin
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text


def basis_label(code: str | None) -> str:
    return str(BASES[Basis(code)]) if code else ""


def decision_cells(one: Decision) -> dict[str, object]:
    return {
        "answer": render_state("Allowed", "good") if one.allowed else render_state("Denied", "bad"),
        "reason": "" if one.allowed else translate_text(str(one.reason).replace("_", " ")),
        "basis": basis_label(one.lawful_basis),
    }


@admin.register(DecisionLogSetting, site=site)
class DecisionLogSettingAdmin(ScopedAdmin[DecisionLogSetting]):
    """How the decisions of each client are logged."""

    view_capability = Capability.VIEW_CLIENT_RECORDS
    add_capability = change_capability = Capability.ADMINISTER_CLIENT
    row_fields = ("mode", "days_kept", "ground")
    detail_fields = ("every_since", "changed_at")
    list_display = ("mode", "owner", "days_kept", "every_since", "changed_at")
    intro = (
        "The log proves which questions systems asked before they used data. Without a setting, decisions are counted "
        "by hour. If every decision is logged, people are pseudonyms in it. It is written about a second after the "
        "answer, counts within ten seconds; a crash can lose what is not written yet."
    )
    empty_text = "No client has changed its log: decisions are counted by hour."

    def write(self, row: DecisionLogSetting, saving: Saving) -> None:
        set_decision_log(row, **saving.by_wall_clock)
