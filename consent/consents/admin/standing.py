"""The decisions about one person, now or at a past time: what each refusal follows from, and what would help."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.consents.models.consents import ConsentState
from consent.decisions.admin import decision_cells
from consent.decisions.facts import Decision
from consent.decisions.reasons import Reason
from consent.decisions.remedies import DOCUMENTATION
from consent.decisions.selectors.decisions import decide_all_purposes
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.roles import SubjectRole
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.as_of import AsOfForm
from paktaleem.foundation.console.person_pages import OVERVIEW, on_tab
from paktaleem.foundation.console.register_names import format_purpose
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.site import site

_GUARDIANS = "#panel-gate"
"""The panel of the same page that shows the guardians and their answers."""
_CAUSES = {
    Reason.PURPOSE_INACTIVE: "consent_purpose",
    Reason.CATEGORY_NOT_COVERED: "consent_purpose",
    Reason.AGREEMENT_SUSPENDED: "consent_serviceagreement",
    Reason.AGREEMENT_ENDED: "consent_serviceagreement",
    Reason.PROCESSING_RESTRICTED: "consent_restriction",
    Reason.BALANCING_MISSING: "consent_lawfulbasis",
    Reason.CONSENT_REFUSED: "consent_consentevent",
    Reason.CONSENT_WITHDRAWN: "consent_consentevent",
    Reason.CONSENT_REVOKED: "consent_consentevent",
    Reason.CONSENT_EXPIRED: "consent_consentevent",
    Reason.CONSENT_INVALIDATED: "consent_consentevent",
    Reason.CONSENT_NOT_BY_GUARDIAN: "consent_consentevent",
    Reason.OBJECTION_IN_FORCE: "consent_objection",
}
"""The page of the row on which a refusal rests: the last one of its evidence."""
_OF_GUARDIANS = {
    Reason.AGE_UNKNOWN,
    Reason.QUARANTINED,
    Reason.GUARDIAN_CONSENT_REQUIRED,
    Reason.GUARDIAN_CONSENT_REFUSED,
    Reason.GUARDIAN_CONSENT_WITHDRAWN,
    Reason.GUARDIAN_AUTHORITY_LAPSED,
}


@dataclass(frozen=True, slots=True)
class _Step:
    """A step that helps against a refusal: a page, for those with the capability; ``of_person`` for an act on them."""

    label: Promise
    page: str
    capability: Capability
    of_person: bool = False
    query: str = ""


_ANSWER = _Step(
    _("Record an answer"),
    "subjects_subject_answer",
    Capability.RECORD_CONSENTS,
    of_person=True,
    query=f"&state={ConsentState.GIVEN.value}",
)
_ASK = _Step(_("Ask the guardians"), "subjects_subject_ask-guardians", Capability.INVITE_GUARDIANS, of_person=True)
_AGREEMENT = _Step(_("Service agreements"), "consent_serviceagreement_changelist", Capability.VIEW_REGISTER)
_STEPS = {
    **dict.fromkeys(
        (
            Reason.CONSENT_MISSING,
            Reason.CONSENT_REFUSED,
            Reason.CONSENT_WITHDRAWN,
            Reason.CONSENT_REVOKED,
            Reason.CONSENT_EXPIRED,
            Reason.CONSENT_OUTDATED,
            Reason.CONSENT_INVALIDATED,
            Reason.CONSENT_NOT_BY_GUARDIAN,
        ),
        _ANSWER,
    ),
    **dict.fromkeys(_OF_GUARDIANS - {Reason.AGE_UNKNOWN, Reason.QUARANTINED}, _ASK),
    **dict.fromkeys((Reason.NO_AGREEMENT, Reason.AGREEMENT_SUSPENDED, Reason.AGREEMENT_ENDED), _AGREEMENT),
    Reason.AGE_UNKNOWN: _Step(
        _("State an age"), "subjects_subject_state-age", Capability.REGISTER_SUBJECTS, of_person=True
    ),
    Reason.NOT_INSTRUCTED: _Step(_("Instructions"), "consent_instruction_changelist", Capability.VIEW_REGISTER),
    Reason.BASIS_MISSING: _Step(_("Lawful bases"), "consent_lawfulbasis_changelist", Capability.VIEW_REGISTER),
    Reason.BALANCING_MISSING: _Step(_("Balancing tests"), "consent_balancingtest_changelist", Capability.VIEW_REGISTER),
}


@on_tab(OVERVIEW, place=1)
def standing_panel(request: HttpRequest, row: Subject) -> dict[str, Any] | None:
    """Show the decision for each purpose at the chosen time, with its reason, what it follows from, and what helps."""
    if row.external_id is None or not may(request, Capability.REQUEST_DECISIONS, row.client_id):
        return None
    form, now = AsOfForm(request.GET or None), get_action_time(request)
    at = form.moment(now)
    rows = list_decisions(request, row, at)
    return {
        "template": "console/panels/standing.html",
        "rows": rows,
        "form": form,
        "at": at,
        "is_past": at < now,
        "allowed": sum(one["is_allowed"] for one in rows),
        "denied": sum(not one["is_allowed"] for one in rows),
    }


def list_decisions(request: HttpRequest, row: Subject, at: datetime) -> list[dict[str, Any]]:
    """Return the decisions about a person at a time as rows of a table. Raises NotAllowed.

    Of several roles the strictest decides (decision 0097): each row names it.
    """
    now = get_action_time(request)
    answers = decide_all_purposes(actor_of(request), row.client_id, row.external_id or "", at=at, now=now)
    return [
        {
            "purpose": format_purpose(code, row.client_id),
            "is_allowed": one.allowed,
            "role": SubjectRole(one.role).label if one.role and len(row.roles) > 1 else "",
            **decision_cells(one),
            **({} if one.allowed else _explain(request, row, code, one, is_past=at < now)),
        }
        for code, one in answers.items()
    ]


def _explain(request: HttpRequest, row: Subject, code: str, one: Decision, *, is_past: bool) -> dict[str, Any]:
    """Return the links of a refusal; what would help is shown for the present only."""
    links = {"cause_url": _cause_url(one), "documentation": f"{DOCUMENTATION}#{one.reason.value}"}
    step = None if is_past else _STEPS.get(one.reason)
    if step is None or not row.is_recorded or not may(request, step.capability, row.client_id):
        return links
    if not step.of_person:
        return {**links, "step": step.label, "step_url": _url_of(step.page)}
    query = f"?purpose={code}{step.query}" if step.query else ""
    return {**links, "step": step.label, "step_url": f"{_url_of(step.page, row.pk)}{query}"}


def _cause_url(one: Decision) -> str:
    if one.reason in _OF_GUARDIANS:
        return _GUARDIANS
    page = _CAUSES.get(one.reason)
    return _url_of(f"{page}_change", one.evidence[-1]) if page and one.evidence else ""


def _url_of(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", args=args, current_app=site.name)
