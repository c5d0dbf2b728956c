"""Assessing the risk of a breach; the list of people concerned is frozen with it."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.tenancy.ids import UUID7_SQL, clock_bytes, new_id
from paktaleem.foundation.tenancy.planning import plan_for_many
from retention.breaches.models import Breach, BreachAssessment
from retention.breaches.risk import Likelihood, Outcome, Severity, suggest_outcome
from retention.breaches.selectors import HELD_DURING, held_values
from retention.breaches.services.recording import lock_breach, record_act

__all__ = ["assess_breach"]

_FREEZE = f"""
WITH people AS MATERIALIZED (
    SELECT h.subject_id, array_agg(DISTINCT h.category ORDER BY h.category) AS categories
    {HELD_DURING}
    GROUP BY h.subject_id
), assessment AS (
    INSERT INTO breaches_breachassessment (id, client_id, breach_id, likelihood, severity, suggested, outcome, reasons,
        people, list_hash, assessed_at, actor_kind, actor_id, actor_role)
    SELECT %(id)s, %(client)s, %(breach)s, %(likelihood)s, %(severity)s, %(suggested)s, %(outcome)s, %(reasons)s,
        count(*), encode(sha256(convert_to(
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
    actor: Actor,
    at: datetime,
) -> BreachAssessment:
    """Assess the risk, decide who is informed, and freeze the list of people concerned (GDPR Art. 33(1), 34(1)).

    A breach can be assessed again; earlier assessments and their lists stay. The list is taken from the holdings in
    one statement: a row and categories for each person. ``reasons`` are needed whatever the outcome.
    Raises ValidationError naming the field, BreachClosed, NotAllowed.
    """
    breach = lock_breach(breach, actor)
    if not reasons.strip():
        raise ValidationError({"reasons": [_("Give the reasons: they are shown to the authority on request.")]})
    likelihood, severity, outcome = Likelihood(likelihood), Severity(severity), Outcome(outcome)
    values = {
        **held_values(breach),
        "id": new_id(),
        "breach": breach.pk,
        "likelihood": likelihood.value,
        "severity": severity.value,
        "suggested": suggest_outcome(likelihood, severity).value,
        "outcome": outcome.value,
        "reasons": reasons.strip(),
        "at": at,
        "clock": clock_bytes(at),
        "kind": actor.kind.value,
        "by": actor.id,
        "role": actor.role,
    }
    with connection.cursor() as cursor:
        plan_for_many(cursor)
        cursor.execute(_FREEZE, values)
    assessment = BreachAssessment.objects.get(pk=values["id"], client_id=breach.client_id)
    breach.outcome = outcome.value
    save_tracked(breach, actor=actor, reason=Reason.REVIEW, at=at)
    facts = {"assessment": str(assessment.pk), "people": assessment.people, "list_hash": assessment.list_hash}
    record_act("breach.assessed", breach, actor, at, suggested=values["suggested"], **facts)
    return assessment
