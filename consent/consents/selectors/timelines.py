"""A person's consents over time: notices shown, answers, and the lawful bases then (GDPR Art. 7(1))."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Model, QuerySet
from django.utils.translation import gettext_noop

from consent.consents.models.acknowledgements import PolicyAcknowledgement
from consent.consents.models.consents import ConsentEvent, ConsentState, Objection, Restriction
from consent.decisions.states import outdated_at
from consent.notices.models.notices import NoticeVersion
from consent.notices.selectors.registers import current_register
from consent.register.compiled import BasisRule, Register
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require_about
from paktaleem.foundation.accounts.roles import Capability

if TYPE_CHECKING:
    from uuid import UUID


ACKNOWLEDGED = gettext_noop("Policy acknowledged")


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One entry of a timeline.

    ``state`` is the consent state from then on; empty for entries that change none, which ``what`` names: a notice
    shown, the policy acknowledged (ACKNOWLEDGED), a restriction, an objection. ``row`` is the recorded row (None for an
    end that follows from time, a notice or a purpose), ``basis`` the lawful basis in force then, ``notice`` the version
    shown.
    """

    at: datetime
    purpose: str
    state: str = ""
    what: str = ""
    row: Model | None = None
    basis: str = ""
    notice: NoticeVersion | None = None


def select_consent_events(subject: Subject, *, actor: Actor, until: datetime) -> QuerySet[ConsentEvent]:
    """Select a person's answers up to a time, earliest first. Raises NotAllowed."""
    require_about(actor, Capability.VIEW_CONSENTS, subject_id=subject.pk, client_id=subject.client_id)
    return (
        ConsentEvent.objects.filter(client_id=subject.client_id, subject=subject, recorded_at__lte=until)
        .select_related("purpose", "notice_version__notice", "guardian")
        .order_by("recorded_at", "pk")
    )


def select_acknowledgements(subject: Subject, *, actor: Actor, until: datetime) -> QuerySet[PolicyAcknowledgement]:
    """Select a person's acknowledgements of the policy up to a time, earliest first. Raises NotAllowed."""
    require_about(actor, Capability.VIEW_CONSENTS, subject_id=subject.pk, client_id=subject.client_id)
    return (
        PolicyAcknowledgement.objects.filter(client_id=subject.client_id, subject=subject, recorded_at__lte=until)
        .select_related("version__notice")
        .order_by("recorded_at", "pk")
    )


def list_timeline(
    subject: Subject,
    *,
    events: Sequence[ConsentEvent],
    acknowledged: Iterable[PolicyAcknowledgement] = (),
    until: datetime,
) -> list[TimelineEntry]:
    """List the entries of a person's timeline up to a time, latest first.

    ``events`` come from ``select_consent_events``, ``acknowledged`` from ``select_acknowledgements``. Ends that follow
    from time (expired), or from a notice or a widened purpose (outdated), are included, although nothing was recorded
    then. Runs in the client's context, with a fixed number of queries.
    """
    register = current_register(subject.client_id)
    answers = [
        TimelineEntry(
            at=event.recorded_at,
            purpose=event.purpose.code,
            state=event.state,
            row=event,
            basis=basis.basis if (basis := _basis_of(event, subject, register)) else "",
            notice=event.notice_version,
        )
        for event in events
    ]
    shown = [
        TimelineEntry(
            at=event.shown_at,
            purpose=event.purpose.code,
            what=gettext_noop("Notice shown"),
            row=event,
            notice=event.notice_version,
        )
        for event in events
        if event.shown_at is not None
    ]
    derived = [
        line for of_purpose in _group_by_purpose(events) for line in _list_derived_ends(of_purpose, register, until)
    ]
    acknowledgements = [
        TimelineEntry(at=one.recorded_at, purpose="", what=ACKNOWLEDGED, row=one, notice=one.version)
        for one in acknowledged
    ]
    # Of the same time, the later in the list is the later in fact: an answer that was outdated when it was recorded.
    lines = [*_list_limits(subject, until), *acknowledgements, *shown, *answers, *derived]
    return sorted(lines, key=lambda line: line.at)[::-1]


def states_at(events: Iterable[ConsentEvent], register: Register, at: datetime) -> dict[str, TimelineEntry]:
    """Return the state of each purpose at ``at``, from the events up to it."""
    latest: dict[str, TimelineEntry] = {}
    for of_purpose in _group_by_purpose(events):
        event = [one for one in of_purpose if one.becomes_state][-1]
        line = TimelineEntry(at=event.recorded_at, purpose=event.purpose.code, state=event.state, row=event)
        for followed in _list_derived_ends([event], register, at):
            line = followed
        latest[event.purpose.code] = line
    return dict(sorted(latest.items()))


def _basis_of(event: ConsentEvent, subject: Subject, register: Register) -> BasisRule | None:
    return register.leading_basis(event.purpose.code, subject.roles, event.recorded_at)


def _group_by_purpose(events: Iterable[ConsentEvent]) -> list[list[ConsentEvent]]:
    grouped: defaultdict[UUID, list[ConsentEvent]] = defaultdict(list)
    for event in events:
        grouped[event.purpose_id].append(event)
    return list(grouped.values())


def _list_derived_ends(events: Sequence[ConsentEvent], register: Register, until: datetime) -> list[TimelineEntry]:
    """List when consents ended by expiry, a material notice or a widened purpose, whichever came first."""
    lines = []
    events = [event for event in events if event.becomes_state]
    for event, later in zip(events, [*events[1:], None], strict=True):
        if event.state != ConsentState.GIVEN:
            continue
        ends = later.recorded_at if later is not None else until
        ended = [(at, state) for at, state in _possible_ends(event, register) if at <= ends]
        if ended:
            at, state = min(ended)
            lines.append(TimelineEntry(at=at, purpose=event.purpose.code, state=state))
    return lines


def _possible_ends(event: ConsentEvent, register: Register) -> list[tuple[datetime, str]]:
    ended_at = outdated_at(
        register, event.purpose.code, notice_version=event.notice_version_id, informed_at=event.informed_at
    )
    if ended_at is not None:
        ended_at = max(ended_at, event.recorded_at)
    found = [(event.expires_at, ConsentState.EXPIRED.value), (ended_at, ConsentState.OUTDATED.value)]
    return [(at, state) for at, state in found if at is not None]


def _list_limits(subject: Subject, until: datetime) -> list[TimelineEntry]:
    lines = []
    for model, opened, closed in (
        (Restriction, gettext_noop("Processing restricted"), gettext_noop("Restriction lifted")),
        (Objection, gettext_noop("Objected"), gettext_noop("Objection closed")),
    ):
        for row in model._default_manager.filter(client_id=subject.client_id, subject=subject):
            moments = [(row.starts_at, opened), (row.ends_at, closed)]
            lines += [
                TimelineEntry(at=at, purpose=row.purpose_code, what=what, row=row)
                for at, what in moments
                if at is not None and at <= until
            ]
    return lines
