"""Console pages of changes that wait for a second person, and of guardians who disagree."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from children.guardians.models.cases import GuardianChange, GuardianConflict
from children.guardians.models.guardians import Guardianship
from children.guardians.services.conflicts import close_conflict
from children.guardians.services.guardians import VERIFICATION, settle_guardian_change
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.approvals import approval_actions, change_state_column
from paktaleem.foundation.console.columns import render_state, state_column
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ConditionFilter
from paktaleem.foundation.console.register_names import format_purpose
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.word_lists import join_words


@admin.register(GuardianChange, site=site)
class GuardianChangeAdmin(ExportableAdmin):
    """Console page of changes of guardians that need a second person's approval."""

    view_capability = Capability.VIEW_CHILD_RECORDS
    asks_reason = False
    list_display = ("requested_at", "standing", "child", "guardian", "owner")
    list_filter = ("state", "client")
    exported = {
        "child": "child__external_id",
        "state": "state",
        "requested_at": "requested_at",
        "settled_at": "settled_at",
    }
    newest_by = "requested_at"
    sortable_by = ()
    detail_fields = ("standing", "child", "guardian", "wanted", "requested_at", "settled_at")
    intro = (
        "A change that permits a use which a guardian refused, and the school's own attestation of a guardian where "
        "data reaches recipients outside, have no effect until a second person approves them."
    )
    empty_text = "No change of a guardian waits for approval."
    standing = change_state_column
    acts = approval_actions(
        settle_guardian_change,
        approve="Approve change",
        decline="Decline change",
        lead="It takes effect now. Approve only a change that you have checked yourself.",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related child and guardian."""
        return super().get_queryset(request).select_related("child", "guardianship__guardian")

    @admin.display(description="guardian")
    def guardian(self, row: GuardianChange) -> str:
        """Return the guardian's pseudonym."""
        return str(row.guardianship.guardian)

    @admin.display(description="requested change")
    def wanted(self, row: GuardianChange) -> str:
        """Return the changed fields with their new values."""
        return join_words(_describe_change(name, value) for name, value in sorted(row.changes.items()))


def _describe_change(name: str, value: Any) -> str:
    """Return a field and its new value in words."""
    if name == VERIFICATION:
        return translate_text("The school's attestation of the guardian counts for outside recipients too")
    label = translate_text(next(one.verbose_name for one in Guardianship._meta.fields if one.name == name))
    words = {True: gettext("Yes"), False: gettext("No")}.get(value, value) if isinstance(value, bool) else value
    return f"{label}: {words}"


def _close(row: GuardianConflict, given: dict[str, Any], request: HttpRequest) -> None:
    close_conflict(row, reason=given["reason"], actor=actor_of(request), at=get_action_time(request))


class ConflictFilter(ConditionFilter):
    """Filter for open disagreements."""

    offered: ClassVar[Any] = {"open": (_("Open"), lambda _at: Q(closed_at=None))}


@admin.register(GuardianConflict, site=site)
class GuardianConflictAdmin(ExportableAdmin):
    """Console page of disagreements between guardians."""

    view_capability = Capability.VIEW_CHILD_RECORDS
    asks_reason = False
    list_display = ("opened_at", "standing", "child", "about", "owner")
    list_filter = (ConflictFilter, "client")
    exported = {
        "child": "child__external_id",
        "purpose": "purpose_code",
        "opened_at": "opened_at",
        "closed_at": "closed_at",
        "outcome": "outcome",
    }
    newest_by = "opened_at"
    sortable_by = ()
    detail_fields = ("standing", "child", "about", "opened_at", "closed_at", "outcome")
    intro = (
        "One guardian consents and another refuses. Meanwhile the refusal applies. Speak with both; the case ends "
        "when they agree."
    )
    empty_text = "No guardians disagree."
    standing = state_column(lambda row: render_state("Closed") if row.closed_at else render_state("Open", "warn"))
    acts = (
        RowAction(
            "close",
            "Close case",
            Capability.APPROVE_CHILD_CHANGES,
            _close,
            lead="They still disagree: the refusal continues to apply. The case opens again when one of them gives a "
            "new answer.",
            done="Closed: the refusal applies.",
            applies=lambda row, _at: row.closed_at is None,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related child."""
        return super().get_queryset(request).select_related("child")

    @admin.display(description="about")
    def about(self, row: GuardianConflict) -> str:
        """Return the purpose in dispute."""
        return format_purpose(row.purpose_code, row.client_id) if row.purpose_code else "—"
