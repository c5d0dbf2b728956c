"""Panel on a person's console page: who decides for a child."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from children.guardians.authority import ChildFacts
from children.guardians.models.guardians import Guardianship
from children.guardians.selectors.guardians import (
    list_candidates,
    list_guardians,
    list_mechanisms,
    list_of_full_age,
    list_school_authorisations,
    load_child_facts,
)
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import period_pill, render_state
from paktaleem.foundation.console.person_pages import OVERVIEW, SummaryLine, on_tab, person_summaries
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.site import site
from paktaleem.foundation.first_rows import take_latest

_MOST = 20
_TONES = {"given": "good", "refused": "bad", "withdrawn": "bad", "lapsed": "warn", None: "warn"}
_WORDS = {
    "given": _("A guardian has consented"),
    "refused": _("A guardian has refused"),
    "withdrawn": _("A guardian has withdrawn"),
    "lapsed": _("The guardian's authority has lapsed"),
    None: _("No guardian has answered"),
}


def needs_guardian(row: Subject, at: datetime) -> bool:
    """Return True if a guardian decides for this person at ``at``, and something can still be recorded about them."""
    client = row.client
    return row.is_recorded and row.is_child(at, thresholds=client.thresholds, serves_minors=client.serves_minors)


@on_tab(OVERVIEW, place=3)
def authority_panel(request: HttpRequest, row: Subject) -> dict[str, Any] | None:
    """Return the panel that shows whether guardians decide for a person, their answers and their verification."""
    if not {"student", "learner"} & {*row.roles} or not may(request, Capability.VIEW_GUARDIANS, row.client_id):
        return None
    actor, at = actor_of(request), get_action_time(request)
    facts = load_child_facts(row)
    known = {} if list_of_full_age([row], at=at) else {one.id: one for one in facts.guardians}
    client = row.client
    decides = row.is_child(at, thresholds=client.thresholds, serves_minors=client.serves_minors)
    guardians = take_latest(list_guardians(row, actor=actor), _MOST)
    return {
        "template": "console/panels/gate.html",
        "decides": decides,
        "lines": guardians.map(lambda one: _guardian_row(one, known.get(one.pk), at)),
        "records": _serialize_records(row, facts, actor, at)
        if actor.may(Capability.VIEW_CHILD_RECORDS, row.client_id)
        else None,
    }


def _serialize_records(row: Subject, facts: ChildFacts, actor: Actor, at: datetime) -> dict[str, Any]:
    """Return what only those see who may view the records of children: answers, claims and declarations."""
    client, standing = row.client, facts.standing(at)
    decides = row.is_child(at, thresholds=client.thresholds, serves_minors=client.serves_minors)
    authorised = list_school_authorisations(actor).filter(client_id=row.client_id, child=row, ends_at=None)
    declared = list_mechanisms(actor).filter(client_id=row.client_id, ends_at=None).order_by("kind")
    return {
        "state": render_state(_WORDS[standing.state], _TONES[standing.state]) if decides or standing.state else "",
        "shares": standing.may_share,
        "in_conflict": standing.in_conflict,
        "held_back": facts.quarantined,
        "by_school": authorised.exists(),
        "declared": declared if decides else [],
        "candidates": take_latest(list_candidates(row, actor=actor, at=at), _MOST).map(lambda one: str(one.guardian)),
    }


@person_summaries.connect
def summarize_authority(request: HttpRequest, row: Subject) -> list[SummaryLine]:
    """Return who decides for a person."""
    if not {"student", "learner"} & {*row.roles} or not may(request, Capability.VIEW_GUARDIANS, row.client_id):
        return []
    client, at = row.client, get_action_time(request)
    decides = row.is_child(at, thresholds=client.thresholds, serves_minors=client.serves_minors)
    answer = gettext("A guardian") if decides else gettext("The person")
    return [SummaryLine(gettext("Who decides"), answer, "#panel-gate")]


def _guardian_row(row: Guardianship, known: Any, at: Any) -> dict[str, Any]:
    answer = known.answer if known else None
    authority = known is not None and known.has_authority(at)
    return {
        "url": reverse("admin:children_guardianship_change", args=[row.pk], current_app=site.name),
        "guardian": row.guardian,
        "relation": row.get_relationship_display(),
        "state": period_pill(row),
        "authority": render_state(_("Verified"), "good") if authority else render_state(_("No authority"), "warn"),
        "answer": render_state(_WORDS[answer.decision], _TONES[answer.decision])
        if answer
        else render_state(_("No answer")),
    }


def describe_answer(state: str | None) -> str:
    """Return the combined answer of the guardians in words."""
    return str(_WORDS[state])
