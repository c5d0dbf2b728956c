"""Console pages of declared mechanisms, schools' own authorisations, and quarantines."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from children.guardians.admin.people import needs_guardian
from children.guardians.models.authorisations import SchoolAuthorisation
from children.guardians.models.cases import QuarantineCause
from children.guardians.models.mechanisms import ChildMechanism
from children.guardians.services.mechanisms import declare_mechanism
from children.guardians.services.quarantines import quarantine
from children.guardians.services.school import authorise_by_school, end_school_authorisation
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import period_pill, render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.forms import RowActionForm
from paktaleem.foundation.console.model_admin import ScopedAdmin
from paktaleem.foundation.console.person_pages import person_acts
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site


def _end(row: SchoolAuthorisation, given: dict[str, Any], request: HttpRequest) -> None:
    end_school_authorisation(row, reason=given["reason"], actor=actor_of(request), at=get_action_time(request))


@admin.register(ChildMechanism, site=site)
class ChildMechanismAdmin(ScopedAdmin):
    """Console page of clients' declared mechanisms."""

    view_capability = Capability.VIEW_CHILD_RECORDS
    add_capability = Capability.DECLARE_MECHANISMS
    row_fields = ("kind", "description", "description_ur", "reference", "provider")
    detail_fields = ("state", "starts_at", "ends_at")
    list_display = ("kind", "reference", "state", "starts_at", "owner")
    list_filter = ("client",)
    newest_by = "starts_at"
    sortable_by = ()
    intro = (
        "A client whose platform serves minors is responsible for verifying ages and obtaining guardians' consent "
        "(policy, section 8), and declares here how it does so. A new declaration replaces the previous one."
    )
    empty_text = "No mechanism has been declared yet."
    state = state_column(period_pill)

    def write(self, row: ChildMechanism, **details: Any) -> None:
        """Declare the mechanism, which ends the previous declaration."""
        context = {name: details[name] for name in ("actor", "reason", "at")}
        fields = {name: getattr(row, name) for name in self.row_fields}
        row.pk = declare_mechanism(row.client_id, **fields, **context).pk


@admin.register(SchoolAuthorisation, site=site)
class SchoolAuthorisationAdmin(EvidenceAdmin):
    """Console page of schools' own authorisations."""

    view_capability = Capability.VIEW_CHILD_RECORDS
    list_display = ("starts_at", "child", "contract_reference", "worth", "state", "owner")
    list_filter = ("client",)
    newest_by = "starts_at"
    entered = ("contract_reference",)
    detail_fields = ("child", "contract_reference", "worth", "state", "starts_at", "ends_at")
    intro = (
        "A school's own authorisation for education: a separate, weaker record, not a guardian's consent. "
        "By itself it permits nothing."
    )
    empty_text = "No school has recorded an authorisation of its own."
    state = state_column(period_pill)
    worth = state_column(lambda _row: render_state(_("Weaker than a guardian's consent"), "warn"), "worth")
    acts = (
        RowAction(
            "end",
            "End authorisation",
            Capability.RECORD_GUARDIANS,
            _end,
            lead="From now on the school no longer authorises for this child. What only its authorisation "
            "permitted is denied.",
            done="Ended.",
            applies=lambda row, at: row.ends_at is None or row.ends_at > at,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related child."""
        return super().get_queryset(request).select_related("child")


class SchoolForm(RowActionForm):
    """Form for a school's own authorisation: the contract and the responsible official."""

    contract_reference = forms.CharField(
        label="Number of the contract", max_length=100, help_text="Do not name people."
    )
    official = forms.CharField(
        label="Who authorises it",
        max_length=200,
        help_text="The name and office of the school's official. It is sealed.",
    )
    field_order = ("contract_reference", "official", "reason")


def _authorise(child: Subject, given: dict[str, Any], request: HttpRequest) -> None:
    authorise_by_school(child, **given, actor=actor_of(request), at=get_action_time(request))


def _quarantine(subject: Subject, given: dict[str, Any], request: HttpRequest) -> None:
    context: dict[str, Any] = {"reason": given["reason"], "actor": actor_of(request), "at": get_action_time(request)}
    quarantine(subject, cause=QuarantineCause.REPORT, **context)


person_acts.connect(
    RowAction(
        "school-authorises",
        "Record the school's authorisation",
        Capability.RECORD_GUARDIANS,
        _authorise,
        form=SchoolForm,
        lead="The school's own authorisation of the child's use of the service for education. It is weaker than a "
        "guardian's consent, is shown as such, and by itself permits nothing.",
        done="Recorded. By itself it permits nothing.",
        applies=needs_guardian,
    )
)
person_acts.connect(
    RowAction(
        "hold-back",
        "Quarantine the data",
        Capability.QUARANTINE_SUBJECTS,
        _quarantine,
        lead="From now on this person's data may only be deleted.",
        done="The data is in quarantine.",
        applies=lambda row, _at: row.erased_at is None,
        danger=True,
    )
)
