"""Console pages of collections, holdings and incidents."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Exists, F, Model, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy as _

from children.guardians.models import Quarantine, QuarantineCause
from paktaleem.directory.data_systems.admin import orders_panel
from paktaleem.directory.data_systems.extension_points import OrderCase, order_cases
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.admin.people import person_column
from paktaleem.foundation.accounts.changes import ProposedChange
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import (
    annotate_actor,
    format_actor,
    period_pill,
    render_state,
    state_column,
    text_column,
)
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ProgressFilter, SortByWaitingTime
from paktaleem.foundation.console.forms import (
    ActionForm,
    FormData,
    GroundField,
    set_choices,
)
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.register_names import (
    format_categories,
    format_category,
)
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction, Weakens, calls
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.text.times import isolate
from retention.holdings.models import Collection, CollectionDecision, FlaggedCollection, Incident
from retention.holdings.selectors import list_disposal_holds
from retention.holdings.services.holdings import DISPOSAL, decide_collection, request_explanation
from retention.holdings.services.incidents import PARENT, has_open_incident, request_release

_PERMITTED = "permitted"
AGE_LABELS = (_("Up to 1 year"), _("1 to 2 years"), _("2 to 3 years"), _("3 to 5 years"), _("More than 5 years"))
"""The names of the ages of holdings, youngest first."""


class OfPersonAdmin[Row: Model](EvidenceAdmin[Row]):
    view_capability = Capability.VIEW_HOLDINGS
    list_filter: ClassVar[Any] = ("client",)
    loaded: ClassVar[Any] = ("subject",)
    person = person_column()


class DataOfPersonAdmin[Row: Model](OfPersonAdmin[Row]):
    loaded = ("subject", "system")

    def describe_row(self, row: Any) -> str:
        return format_category(row.category, row.client_id)


@admin.register(Collection, site=site)
class CollectionAdmin(ExportableAdmin[Collection], DataOfPersonAdmin[Collection]):
    list_display = ("reported_at", "category", "person", "occasion", "purpose", "allowed", "owner")
    row_fields = ("category", "occasion", "purpose", "count")
    exported = (
        "person=subject__external_id system=system__code category occasion purpose count decision=reason "
        "collected_at reported_at"
    )
    detail_fields = ("person", "system", "allowed", "collected_at", "reported_at")
    intro = "Data that systems reported as collected, with the decision at the time of collection."
    empty_text = "No system has reported a collection yet."
    allowed = state_column(
        lambda row: render_state(row.reason.replace("_", " "), "good" if row.reason == _PERMITTED else "bad"),
        "decision",
    )


class DecisionForm(ActionForm):
    decision = forms.ChoiceField(label=_("Decision"), choices=CollectionDecision.choices, widget=forms.RadioSelect)
    ground = GroundField(help_text=_("Why is this right? About the data only; do not name people."))

    def prepare(self) -> None:
        if not may(self.request, Capability.DECIDE_FOR_CLIENT, self.row.client_id):
            offered = [one for one in CollectionDecision.choices if one[0] != CollectionDecision.EXPLAINED]
            set_choices(self, "decision", offered)


def _decide(row: FlaggedCollection, given: FormData, request: HttpRequest) -> ProposedChange | None:
    by: dict[str, Any] = {"ground": given["ground"], "actor": actor_of(request), "at": get_action_time(request)}
    if given["decision"] == CollectionDecision.EXPLAINED:
        return request_explanation(row, **by)
    decide_collection(row, decision=given["decision"], **by)
    return None


def _flag_pill(row: FlaggedCollection) -> SafeString:
    if row.is_open:
        return render_state(gettext("To be decided"), "bad")
    return render_state(row.get_decision_display(), "good")


@admin.register(FlaggedCollection, site=site)
class FlaggedCollectionAdmin(SortByWaitingTime, ExportableAdmin[FlaggedCollection], OfPersonAdmin[FlaggedCollection]):
    list_display = ("flagged_at", "category", "purpose", "why", "person", "state", "owner")
    list_filter = (ProgressFilter, "client")
    exported = "person=subject__external_id category purpose reason flagged_at decision ground decided_at"
    longest_first = {"open": "flagged_at"}
    row_fields = ("category", "purpose", "ground")
    detail_fields = ("why", "person", "flagged_at", "state", "decided_at", "decider")
    intro = (
        "Data that a system collected although the decision denied it: for no purpose, outside the purpose’s "
        "categories, without a lawful basis or without authority. Decide about each."
    )
    empty_text = "No collection was denied."
    state = state_column(_flag_pill)
    why = text_column(lambda row: translate_text(row.reason.replace("_", " ")), "reason")
    decider = text_column(lambda row: "—" if row.is_open else format_actor(row), "decided by")
    acts = (
        RowAction(
            "decide",
            "Decide",
            Capability.DECIDE_COLLECTIONS,
            _decide,
            form=DecisionForm,
            lead="Have the data erased in every system within seven days; or correct the register first, if it lacked "
            "a purpose or a category; or explain why the collection was lawful, which a second person must approve.",
            done="Decided.",
            danger=True,
            weakens=Weakens.ALWAYS,
            applies=lambda row, _at: row.is_open,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[FlaggedCollection]:
        decided = {"actor_id": F("decided_by"), "actor_kind": F("decided_kind"), "actor_role": F("decided_role")}
        return annotate_actor(super().get_queryset(request).annotate(**decided), actor_of(request))

    def panels(self, request: HttpRequest, row: FlaggedCollection) -> list[dict[str, object]]:
        return [*super().panels(request, row), orders_panel(row, DISPOSAL)]

    def describe_row(self, row: FlaggedCollection) -> str:
        return f"{format_category(row.category, row.client_id)} ({self.why(row)})"


def _may_be_released(row: Quarantine, _at: datetime) -> bool:
    """Return True if the quarantine rests on a report and no incident is open; an incident ends its own quarantine."""
    return row.ends_at is None and row.cause == QuarantineCause.REPORT and not has_open_incident(row.subject)


@admin.register(Quarantine, site=site)
class QuarantineAdmin(ExportableAdmin[Quarantine], EvidenceAdmin[Quarantine]):
    view_capability = Capability.VIEW_CHILD_RECORDS
    loaded = ("subject",)
    list_display = ("starts_at", "subject", "cause", "state", "owner")
    exported = "person=subject__external_id cause starts_at ends_at"
    detail_fields = ("subject", "cause", "state", "starts_at", "ends_at")
    intro = (
        "The data of these people may only be deleted. A quarantine for an incident ends automatically when every "
        "system has answered."
    )
    empty_text = "No data is in quarantine."
    state = state_column(period_pill)
    acts = (
        RowAction(
            "release",
            "End the quarantine",
            Capability.QUARANTINE_SUBJECTS,
            calls(request_release, shows_result=True),
            form=ActionForm,
            lead="Only if the report was unfounded. While an incident is open the data stays in quarantine until every "
            "system has answered. Nothing changes until a second officer approves it.",
            danger=True,
            weakens=Weakens.ALWAYS,
            applies=_may_be_released,
        ),
    )


def _pill(row: Incident) -> SafeString:
    if not row.is_open:
        return render_state(gettext("Closed"), "good")
    return render_state(gettext("Overdue") if row.due_at <= get_time_of(row.client_id) else gettext("Open"), "bad")


@admin.register(Incident, site=site)
class IncidentAdmin(SortByWaitingTime, ExportableAdmin[Incident], OfPersonAdmin[Incident]):
    view_capability = Capability.VIEW_RECORDS
    list_display = ("opened_at", "person", "about", "state", "due_at", "owner")
    list_filter = (ProgressFilter, "client")
    exported = "person=subject__external_id cause categories opened_at due_at closed_at"
    longest_first = {"overdue": "due_at"}
    row_fields = ("cause",)
    detail_fields = ("person", "about", "on_hold", "state", "opened_at", "due_at", "overdue_told_at", "closed_at")
    intro = (
        "Data of a child that was collected without a guardian’s authority. It is quarantined, and every system that "
        "holds it has seven days to erase it. What is on hold stays in quarantine until the hold is lifted. An "
        "incident closes automatically when the last system has answered. An answer that contradicts what the system "
        "had reported counts once two people have accepted it."
    )
    empty_text = "No data of a child has been collected without authority."
    state = state_column(_pill)
    about = text_column(lambda row: format_categories(row.categories, row.client_id), "data")
    acts = (
        RowAction(
            "close",
            "Close the incident",
            Capability.CLOSE_INCIDENTS,
            calls(request_release, shows_result=True),
            form=ActionForm,
            lead="No system has an open order for this incident. Close it once you have checked that the data is "
            "erased. The data leaves quarantine once a second officer approves it.",
            danger=True,
            weakens=Weakens.ALWAYS,
            applies=lambda row, _at: row.is_open and not row.waits_for_systems and not row.held,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Incident]:
        open_orders = Order.objects.open().filter(
            client_id=OuterRef("client_id"), parent_kind=PARENT, parent_id=OuterRef("pk")
        )
        found: QuerySet[Incident] = super().get_queryset(request).annotate(waits_for_systems=Exists(open_orders))
        return found

    def panels(self, request: HttpRequest, row: Incident) -> list[dict[str, object]]:
        return [*super().panels(request, row), orders_panel(row, PARENT)]

    @admin.display(description="on hold")
    def on_hold(self, row: Incident) -> str:
        """Return the categories that are not erased everywhere yet, and which holds keep them, in which system."""
        if not row.held:
            return "—"
        holds = list_disposal_holds(row.client_id, row.subject_id, frozenset(row.held))
        words = gettext("{kind}, to be reviewed on {day}: {ground}")
        kinds = [f"{one.kind} ({one.system})" if one.system else one.kind for one in holds]
        lines = [
            words.format(kind=kind, day=isolate(one.review_on.isoformat()), ground=one.ground)
            for kind, one in zip(kinds, holds, strict=True)
        ]
        return "; ".join([format_categories(row.held, row.client_id), *lines])


order_cases.connect(OrderCase(PARENT, Incident))
