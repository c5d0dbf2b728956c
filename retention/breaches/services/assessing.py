"""Assessing the risk of a breach; the list of people concerned is frozen with it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.selections import EVERYONE, Selection, select_chosen
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.tenancy.ids import UUID7_SQL, clock_bytes, new_id
from paktaleem.foundation.tenancy.planning import plan_for_many
from retention.breaches.models import Breach, BreachAssessment
from retention.breaches.risk import Likelihood, Outcome, Severity, suggest_outcome
from retention.breaches.selectors import HELD_DURING, held_values
from retention.breaches.services.recording import lock_breach, record_act

_NAMED = 10
_FREEZE = f"""
WITH people AS MATERIALIZED (
    SELECT subject_id, array_remove(array_agg(DISTINCT category ORDER BY category), NULL) AS categories
    FROM (
        SELECT h.subject_id, h.category
        {HELD_DURING}
        UNION ALL
        SELECT s.id, c.category
        FROM subjects_subject s LEFT JOIN unnest(%(categories)s::text[]) AS c (category) ON true
        WHERE s.client_id = %(client)s AND s.erased_at IS NULL AND (%(everyone)s OR s.id = ANY (%(chosen)s::uuid[]))
    ) concerned
    GROUP BY subject_id
), assessment AS (
    INSERT INTO breaches_breachassessment (id, client_id, breach_id, likelihood, severity, suggested, outcome, reasons,
        people, stated, list_hash, assessed_at, actor_kind, actor_id, actor_role)
    SELECT %(id)s, %(client)s, %(breach)s, %(likelihood)s, %(severity)s, %(suggested)s, %(outcome)s, %(reasons)s,
        count(*), %(stated)s::integer, encode(sha256(convert_to(
            coalesce(string_agg(subject_id::text, ',' ORDER BY subject_id::text COLLATE "C"), ''), 'UTF8')), 'hex'),
        %(at)s, %(kind)s, %(by)s, %(role)s
    FROM people
)
INSERT INTO breaches_breachperson (id, client_id, assessment_id, subject_id, categories)
SELECT {UUID7_SQL}, %(client)s, %(id)s, subject_id, categories FROM people
"""  # noqa: S608 -- constants


@transaction.atomic
def assess_breach(
    breach: Breach,
    *,
    likelihood: Likelihood | str,
    severity: Severity | str,
    outcome: Outcome | str,
    reasons: str,
    also: Selection | None = None,
    number: int | None = None,
    actor: Actor,
    at: datetime,
) -> BreachAssessment:
    """Assess the risk, decide who is informed, and freeze the list of people concerned (GDPR Art. 33(1), 34(1)).

    A breach can be assessed again; earlier assessments and their lists stay. The list has everyone whose data systems
    hold by the holdings, and those chosen by ``also`` (``EVERYONE``: all people of the client), with the categories of
    each. ``number`` states how many people are concerned if the list does not have them all; it is needed if the list
    is empty. ``reasons`` are needed whatever the outcome. Raises ValidationError naming the field, BreachClosed,
    NotAllowed.
    """
    breach = lock_breach(breach, actor)
    if not reasons.strip():
        raise ValidationError({"reasons": [_("Give the reasons: they are shown to the authority on request.")]})
    likelihood, severity, outcome = Likelihood(likelihood), Severity(severity), Outcome(outcome)
    chosen = {"everyone": also == EVERYONE, "chosen": _find_chosen(breach, also, at), "stated": number}
    risk = {"likelihood": likelihood.value, "severity": severity.value, "outcome": outcome.value}
    suggested = suggest_outcome(likelihood, severity).value
    by = {"kind": actor.kind.value, "by": actor.id, "role": actor.role}
    assessment = _freeze(breach, {**chosen, **risk, **by, "suggested": suggested, "reasons": reasons.strip()}, at)
    breach.outcome = outcome.value
    save_tracked(breach, actor=actor, reason=Reason.REVIEW, at=at)
    facts: dict[str, Any] = {name: getattr(assessment, name) for name in ("suggested", "people", "stated", "list_hash")}
    record_act("breach.assessed", breach, actor, at, assessment=str(assessment.pk), **facts)
    return assessment


def _freeze(breach: Breach, facts: dict[str, Any], at: datetime) -> BreachAssessment:
    """Create an assessment with its list of people, in one statement. Raises ValidationError if no one is on it."""
    values = {**held_values(breach), "id": new_id(), "breach": breach.pk, "at": at, "clock": clock_bytes(at), **facts}
    with connection.cursor() as cursor:
        plan_for_many(cursor)
        cursor.execute(_FREEZE, values)
    assessment = BreachAssessment.objects.get(pk=values["id"], client_id=breach.client_id)
    if not assessment.people and assessment.stated is None:
        words = _("No one is concerned by what systems hold. Choose the people, or state their number.")
        raise ValidationError({"number": [words]})
    return assessment


def _find_chosen(breach: Breach, also: Selection | None, at: datetime) -> list[UUID]:
    """Return the ids of the chosen people; none if everyone is. Raises ValidationError for an LMS id of no one."""
    if also is None or also == EVERYONE:
        return []
    people = Subject.objects.filter(client_id=breach.client_id, erased_at=None)
    if also.ids:
        known = set(people.filter(external_id__in=also.ids).values_list("external_id", flat=True))
        if unknown := [one for one in also.ids if one not in known]:
            words = _("No person has this id: {ids}.").format(ids=", ".join(unknown[:_NAMED]))
            raise ValidationError({"ids": [words]})
    client = Client.objects.get(pk=breach.client_id)
    return list(select_chosen(people, also, client=client, at=at).order_by().values_list("pk", flat=True))
