"""Console page of flagged collections, with a decision about each."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.register.admin.safeguards import to_waiting
from paktaleem.directory.data_systems.admin.panels import orders_panel
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import annotate_actor, format_actor, render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ProgressFilter, SortByWaitingTime
from paktaleem.foundation.console.forms import ActionForm, set_choices
from paktaleem.foundation.console.register_names import format_category
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text
from retention.holdings.admin.holdings import person_link
from retention.holdings.models.flagged import CollectionDecision, FlaggedCollection
from retention.holdings.services.deciding import DISPOSAL, decide_collection, request_explanation


class FlaggedProgressFilter(ProgressFilter):
    """Filter for flagged collections that wait for a decision."""

    offered: ClassVar[Any] = {"open": _("To be decided")}


class DecisionForm(ActionForm):
    """The decision about a flagged collection, and its ground."""

    decision = forms.ChoiceField(label=_("Decision"), choices=CollectionDecision.choices, widget=forms.RadioSelect)
    ground = forms.CharField(
        label=_("Ground"),
        max_length=2000,
        widget=AdminTextareaWidget,
        help_text=_("Why is this right? About the data only; do not name people."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer to explain it only to those who may request a weaker safeguard."""
        super().__init__(*args, **kwargs)
        if not may(self.request, Capability.WEAKEN_SAFEGUARDS, self.row.client_id):
            offered = [one for one in CollectionDecision.choices if one[0] != CollectionDecision.EXPLAINED]
            set_choices(self, "decision", offered)


def _decide(row: FlaggedCollection, given: dict[str, Any], request: HttpRequest) -> HttpResponse | None:
    by: dict[str, Any] = {"ground": given["ground"], "actor": actor_of(request), "at": get_action_time(request)}
    if given["decision"] == CollectionDecision.EXPLAINED:
        return to_waiting(request, request_explanation(row, **by))
    decide_collection(row, decision=given["decision"], **by)
    return None


def _pill(row: FlaggedCollection) -> SafeString:
    if row.is_open:
        return render_state(gettext("To be decided"), "bad")
    return render_state(row.get_decision_display(), "good")


@admin.register(FlaggedCollection, site=site)
class FlaggedCollectionAdmin(SortByWaitingTime, ExportableAdmin, EvidenceAdmin):
    """Console page of flagged collections, newest first."""

    view_capability = Capability.VIEW_HOLDINGS
    list_display = ("flagged_at", "category", "purpose", "why", "person", "state", "owner")
    list_filter = (FlaggedProgressFilter, "client")
    exported = {
        "person": "subject__external_id",
        "category": "category",
        "purpose": "purpose",
        "reason": "reason",
        "flagged_at": "flagged_at",
        "decision": "decision",
        "ground": "ground",
        "decided_at": "decided_at",
    }
    newest_by = "flagged_at"
    longest_first: ClassVar[Any] = {"open": "flagged_at"}
    row_fields = ("category", "purpose", "ground")
    detail_fields = ("why", "person", "flagged_at", "state", "decided_at", "decider")
    intro = (
        "Data that a system collected although the decision denied it: for no purpose, outside the purpose’s "
        "categories, without a lawful basis or without authority. Decide about each."
    )
    empty_text = "No collection was denied."
    state = state_column(_pill)
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
            step_up=True,
            applies=lambda row, _at: row.is_open,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related person, and annotate who decided."""
        found = super().get_queryset(request).select_related("subject")
        named = found.annotate(actor_id=F("decided_by"), actor_kind=F("decided_kind"), actor_role=F("decided_role"))
        return annotate_actor(named, actor_of(request))

    def panels(self, request: HttpRequest, row: FlaggedCollection) -> list[dict[str, Any]]:
        """Return the panel with the orders to erase."""
        return [*super().panels(request, row), orders_panel(row, DISPOSAL)]

    def describe_row(self, row: FlaggedCollection) -> str:
        """Return the name of the category, and the reason."""
        return f"{format_category(row.category, row.client_id)} ({self.why(row)})"

    @admin.display(description="reason")
    def why(self, row: FlaggedCollection) -> str:
        """Return the reason of the denial in words."""
        return translate_text(row.reason.replace("_", " "))

    @admin.display(description="person")
    def person(self, row: FlaggedCollection) -> SafeString:
        """Return a link to the person."""
        return person_link(row)

    @admin.display(description="decided by")
    def decider(self, row: Any) -> str:
        """Return who decided."""
        return "—" if row.is_open else format_actor(row)
