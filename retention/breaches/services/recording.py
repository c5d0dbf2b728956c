"""Recording a breach, at one client or several, and what is done about it (GDPR Art. 33(5))."""

# A breach has a row for each client: each is a controller with its own 72 hours, and row-level security hides the
# others. The list of people is frozen, so that an erasure does not hide who was informed.

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.register.models.purposes import DataCategory
from paktaleem.directory.data_systems.models import System
from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.selectors import EVERYONE, Selection, select_chosen
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused, act, lock_row
from paktaleem.foundation.accounts.changes import ChangeKind, ProposedChange, find_waiting, propose_change
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.context import in_client, plan_for_many
from paktaleem.foundation.tenancy.rows import PAKTALEEM, UUID7_SQL, clock_bytes, new_id
from retention.breaches.models import Breach, BreachAssessment, Likelihood, Outcome, Severity
from retention.breaches.selectors import HELD_DURING, held_values, must_write_to_people

FACTS = ("happened_from", "happened_until", "known_at", "reported_by", "reporter", "what", "consequences")
_CODES: dict[str, Any] = {"categories": DataCategory, "systems": System}
NOTIFY_WITHIN = timedelta(hours=72)
"""The time to notify the authority (GDPR Art. 33(1)), in real hours (Regulation (EEC, Euratom) 1182/71, article 3)."""
_HIGH = {
    (Likelihood.LIKELY, Severity.SERIOUS),
    (Likelihood.LIKELY, Severity.SEVERE),
    (Likelihood.POSSIBLE, Severity.SEVERE),
}
CloseGround = Annotated[
    str,
    forms.CharField(
        label="Ground",
        max_length=2000,
        widget=AdminTextareaWidget,
        help_text="Why is nothing more to be done? Do not name people.",
    ),
]


@transaction.atomic
def record_breach(breach: Breach, *, actor: Actor, at: datetime) -> Breach:
    """Record a breach at its client, known since ``known_at`` (GDPR Art. 33). Raises ValidationError, NotAllowed."""
    require(actor, Capability.SUPERVISE, breach.client_id)
    if breach.known_at > at:
        raise ValidationError({"known_at": [_("This time has not come yet.")]})
    if breach.happened_from > breach.known_at:
        raise ValidationError({"happened_from": [_("It cannot have happened after it was known.")]})
    if breach.happened_until is not None and not breach.happened_from <= breach.happened_until <= at:
        raise ValidationError({"happened_until": [_("Choose a time after the start, and not in the future.")]})
    if not breach.what.strip():
        raise ValidationError({"what": [_("Say what happened.")]})
    breach.incident = breach.incident or new_id()
    breach.due_at, breach.recorded_at = breach.known_at + NOTIFY_WITHIN, at
    save_tracked(breach, actor=actor, reason=Reason.REVIEW, at=at)
    record_act("breach.recorded", breach, actor, at)
    return breach


def check_open(breach: Breach, _actor: Actor, _at: datetime) -> None:
    """Raise Refused if the breach is closed."""
    if not breach.is_open:
        raise Refused(_("This breach is closed."))


@act(
    "add-clients",
    "Record at more clients",
    Capability.SUPERVISE,
    lead="The same event is recorded at each client you choose, as a breach of its own with the same facts. "
    "Categories and systems are matched by their codes: those that a client does not have are left out there.",
    done="Recorded.",
    check=check_open,
)
def add_clients(breach: Breach, *, clients: Iterable[Client], actor: Actor, at: datetime) -> list[Breach]:
    """Record the event at more clients that lack it, with the categories and systems of the same codes.

    Requires the officers' context. Raises ValidationError that names a client with none of them, Refused, NotAllowed.
    """
    made = (_add_client(client, breach, actor, at) for client in clients)
    return [row for row in made if row is not None]


@act(
    "measures",
    "Record measures and lessons",
    Capability.SUPERVISE,
    lead="Both texts are kept with the breach. No one is written to.",
    done="Recorded.",
    lock=lock_row,
    check=check_open,
)
def record_measures(
    breach: Breach, *, measures: str, lessons: str, reason: Reason | str, actor: Actor, at: datetime
) -> Breach:
    """Record what is done about a breach, and the lessons (GDPR Art. 33(5)). Raises Refused, NotAllowed."""
    breach.measures, breach.lessons = measures.strip(), lessons.strip()
    save_tracked(breach, actor=actor, reason=reason, at=at)
    record_act("breach.measures_recorded", breach, actor, at)
    return breach


def record_act(kind: str, breach: Breach, actor: Actor, at: datetime, **more: object) -> None:
    """Record an act about a breach in the ledger, without its texts."""
    facts = {
        "breach": str(breach.pk),
        "incident": str(breach.incident),
        "known_at": breach.known_at.isoformat(),
        "due_at": breach.due_at.isoformat(),
        "categories": list(breach.categories),
        "outcome": breach.outcome or None,
        **more,
    }
    record_entry(kind, client_id=breach.client_id, facts=facts, actor=actor, at=at)


def _add_client(client: Client, breach: Breach, actor: Actor, at: datetime) -> Breach | None:
    facts: dict[str, object] = {name: getattr(breach, name) for name in FACTS}
    with in_client(client.pk):
        if Breach.objects.filter(client_id=client.pk, incident=breach.incident).exists():
            return None
        for name, model in _CODES.items():
            codes = getattr(breach, name)
            rows = model.objects.filter(client_id__in=[client.pk, PAKTALEEM], code__in=codes)
            facts[name] = sorted(set(rows.values_list("code", flat=True)))
            if codes and not facts[name]:  # an empty list would mean all of them
                words = _("{client} has none of the data categories, or none of the systems: record a breach there.")
                raise ValidationError({"clients": [words.format(client=client.name)]})
        return record_breach(Breach(client=client, incident=breach.incident, **facts), actor=actor, at=at)


_NAMED = 10
_FREEZE = f"""
WITH people AS MATERIALIZED (
    SELECT subject_id, array_remove(array_agg(DISTINCT category ORDER BY category), NULL) AS categories
    FROM (
        SELECT h.subject_id, h.category
        {HELD_DURING}
        UNION ALL
        SELECT s.id, c.category
        FROM people_subject s LEFT JOIN unnest(%(categories)s::text[]) AS c (category) ON true
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


def suggest_outcome(likelihood: Likelihood, severity: Severity) -> Outcome:
    """Return who should be informed: no one only if harm is unlikely and minor, people if the risk is high.

    Follows GDPR Art. 33(1), 34(1); EDPB Guidelines 9/2022, section IV: likelihood and severity.
    """
    if (likelihood, severity) in _HIGH:
        return Outcome.PEOPLE
    return Outcome.NONE if (likelihood, severity) == (Likelihood.UNLIKELY, Severity.MINOR) else Outcome.AUTHORITY


@act(
    "assess",
    "Assess the risk",
    Capability.SUPERVISE,
    lead="The list of people concerned is frozen with the assessment: those whose data systems hold by their reports, "
    "and those you choose.",
    done="Assessed. The list of people is frozen.",
    lock=lock_row,
    check=check_open,
)
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

    ``also`` chooses people beside those whom systems report, ``number`` states how many there are; earlier lists stay.
    Raises ValidationError naming the field, Refused, NotAllowed.
    """
    if not reasons.strip():
        raise ValidationError({"reasons": [_("Give the reasons: they are shown to the authority on request.")]})
    decision: dict[str, Any] = {
        "likelihood": Likelihood(likelihood).value,
        "severity": Severity(severity).value,
        "outcome": Outcome(outcome).value,
        "suggested": suggest_outcome(Likelihood(likelihood), Severity(severity)).value,
        "reasons": reasons.strip(),
        "everyone": also == EVERYONE,
        "chosen": _find_chosen(breach, also, at),
        "stated": number,
    }
    assessment = _freeze(breach, decision, actor, at)
    breach.outcome = assessment.outcome
    save_tracked(breach, actor=actor, reason=Reason.REVIEW, at=at)
    recorded = {name: getattr(assessment, name) for name in ("suggested", "people", "stated", "list_hash")}
    record_act("breach.assessed", breach, actor, at, assessment=str(assessment.pk), **recorded)
    return assessment


def _freeze(breach: Breach, decision: dict[str, Any], actor: Actor, at: datetime) -> BreachAssessment:
    """Create an assessment with its list of people, in one statement. Raises ValidationError if no one is on it."""
    by = {"kind": actor.kind.value, "by": actor.id, "role": actor.role, "at": at, "clock": clock_bytes(at)}
    key = new_id()
    with connection.cursor() as cursor:
        plan_for_many(cursor)
        cursor.execute(_FREEZE, {**held_values(breach), **decision, **by, "id": key, "breach": breach.pk})
    assessment = BreachAssessment.objects.get(pk=key, client_id=breach.client_id)
    if not assessment.people and assessment.stated is None:
        words = _("No one is concerned by what systems hold. Choose the people, or state their number.")
        raise ValidationError({"number": [words]})
    return assessment


def _find_chosen(breach: Breach, also: Selection | None, at: datetime) -> list[UUID]:
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


def list_missing(breach: Breach) -> list[str]:
    """List what is missing before a breach can be closed, in words; two queries."""
    needed = {
        _("the assessment of the risk"): not breach.outcome,
        _("the letter to the client"): breach.client_informed_at is None and breach.client_id != PAKTALEEM,
        _("the notification of the authority"): breach.outcome in {Outcome.AUTHORITY, Outcome.PEOPLE}
        and breach.authority_notified_at is None,
        _("the letters to people"): must_write_to_people(breach),
        _("the measures"): not breach.measures,
        _("the lessons"): not breach.lessons,
    }
    return [words for words, is_missing in needed.items() if is_missing]


def _check_complete(breach: Breach, actor: Actor, at: datetime) -> None:
    check_open(breach, actor, at)
    if list_missing(breach):
        raise Refused(_("Something is still missing: the page of the breach lists it."))


@act(
    "close",
    "Request the closing",
    Capability.SUPERVISE,
    lead="The breach stays open until a second person agrees, under Changes by two people.",
    done="Requested.",
    lock=lock_row,
    check=_check_complete,
)
def request_closing(breach: Breach, *, ground: CloseGround, actor: Actor, at: datetime) -> ProposedChange:
    """Request the closing, to which a second person must agree. Raises ValidationError, Refused, NotAllowed."""
    if find_waiting(breach).exists():
        raise Refused(_("Closing was requested already: a second person may agree."))
    closing = propose_change(breach, CLOSING.code, ground=ground, actor=actor, at=at)
    record_act("breach.closing_requested", breach, actor, at, closing=str(closing.pk))
    return closing


def _close(change: ProposedChange, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    breach = Breach.objects.get(pk=change.row, client_id=change.client_id)
    _check_complete(breach, actor, at)
    breach.closed_at = at
    save_tracked(breach, actor=actor, reason=reason, at=at)
    record_act("breach.closed", breach, actor, at, closing=str(change.pk))


def _keep_open(change: ProposedChange, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    del reason  # no row changes
    breach = Breach.objects.get(pk=change.row, client_id=change.client_id)
    record_act("breach.closing_declined", breach, actor, at, closing=str(change.pk))


CLOSING = ChangeKind(
    code="breach",
    label=gettext_lazy("A breach is closed"),
    effect=gettext_lazy("Check the file of the breach first: nothing can be added once it is closed."),
    capability=Capability.SUPERVISE,
    apply=_close,
    decline=_keep_open,
)
