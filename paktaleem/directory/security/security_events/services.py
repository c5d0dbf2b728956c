"""Services of security events: count refusals, collect acts, alert officers, purge."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connections
from django.db.models import Count, Max, Q
from django.utils.crypto import salted_hmac

from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.security.security_events.models import (
    ALERTING,
    BULK_REVEALS,
    KINDS,
    RECORDED_KINDS,
    SecurityEvent,
    Severity,
)
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.operations.metrics import MOST_COUNTED, Gauge
from paktaleem.foundation.tenancy.context import as_officer, autonomous_transaction, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, clock_bytes, new_id

# Refusals are counted for each kind, source and hour: as ledger entries, anyone could fill the ledger. The feed stays
# two minutes behind, because ids are given before transactions commit.


ALERT = "security_events.alert"
"""Name of the task that emails officers."""
_OVERLAP = timedelta(minutes=15)
"""Entries become visible when their transaction commits: the collection looks back over this time."""
_FIRST_LOOK = timedelta(days=1)
_MOST = 5_000
"""Entries collected in one run; the next run goes on."""
_IDENTIFIED = frozenset({ByKind.USER, ByKind.API_KEY})
"""Actors who are named; a data subject is not."""
_QUIET = timedelta(hours=1)
"""Time after an alert in which the same kind does not alert again."""


def count_refusal(kind: str, *, actor: Actor | None, address: str | None, at: datetime) -> None:
    """Count a refusal by its source (staff, key or hashed IP address), in a transaction of its own."""
    if actor is not None and actor.kind not in _IDENTIFIED:
        actor = None
    owner = (actor and actor.client_id) or PAKTALEEM
    hashed = salted_hmac("paktaleem.security_events/address", address or "", algorithm="sha256").hexdigest()
    source = str(actor.id) if actor else hashed
    by = (actor.kind.value, actor.id, actor.role) if actor else ("", None, "")
    values = [new_id(), owner, kind, KINDS[kind].severity, *by, source, at]
    with autonomous_transaction() as alias, connections[alias].cursor() as cursor:
        cursor.execute("SELECT security_events_count(%s, %s, %s, %s, %s, %s, %s, %s, %s)", values)


def collect_acts(*, at: datetime) -> int:
    """Copy new entries of the ledger whose acts are security events; return the number (policy §5). Idempotent."""
    with as_officer():
        collected = SecurityEvent.objects.filter(entry__isnull=False, happened_at__lte=at)  # a sandbox may be ahead
        last = collected.aggregate(last=Max("happened_at"))["last"]
        since = last - _OVERLAP if last else at - _FIRST_LOOK
        known = SecurityEvent.objects.filter(entry__isnull=False, happened_at__gte=since).values_list("entry")
        found = Entry.objects.filter(kind__in=RECORDED_KINDS, recorded_at__gte=since).exclude(pk__in=known)
        entries = list(found.defer("body", "openings").order_by("recorded_at", "id")[:_MOST])
    for client_id in {one.client_id for one in entries}:
        events = [
            SecurityEvent(
                client_id=one.client_id,
                kind=one.kind,
                severity=KINDS[one.kind].severity,
                happened_at=one.recorded_at,
                last_at=one.recorded_at,
                actor_kind=one.actor_kind,
                actor_id=one.actor_id,
                actor_role=one.actor_role,
                entry=one.id if isinstance(one, Entry) else None,
            )
            for one in entries
            if one.client_id == client_id
        ]
        _add(client_id, events)
    return len(entries)


def collect_bulk_reveals(*, at: datetime) -> int:
    """Add an event for each actor who viewed the data of many people in the last hour, once an hour (policy §5)."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    with as_officer():
        looked = AccessRecord.objects.filter(looked_at__gt=at - timedelta(hours=1), looked_at__lte=at).order_by()
        by_actor = looked.values("client_id", "actor_kind", "actor_id", "actor_role").annotate(times=Count("pk"))
        found = list(by_actor.filter(times__gte=BULK_REVEALS))
    for one in found:
        kind = "people.revealed_in_bulk"
        by = {name: one[name] for name in ("client_id", "actor_kind", "actor_id", "actor_role")}
        event = SecurityEvent(**by, kind=kind, severity=KINDS[kind].severity, count=one["times"], hour=hour)
        event.source, event.happened_at, event.last_at = str(event.actor_id), at, at
        _add(event.client_id, [event])
    return len(found)


def _add(client_id: UUID, events: Sequence[SecurityEvent]) -> None:
    with in_client(client_id):
        SecurityEvent.objects.bulk_create(events, ignore_conflicts=True)


def alert_officers(*, at: datetime) -> int:
    """Queue one email for each kind whose events reached their count, at most once an hour (policy §5).

    Returns the number of kinds. Events are marked in the transaction that queues the email, so that none is sent twice.
    """
    reached = Q()
    for kind, count in ALERTING.items():
        reached |= Q(kind=kind, count__gte=count)
    with as_officer():
        recent = SecurityEvent.objects.filter(alerted_at__gt=at - _QUIET).values_list("kind", flat=True).distinct()
        waiting = SecurityEvent.objects.filter(reached, alerted_at=None).exclude(kind__in=set(recent))
        events = list(waiting.order_by("happened_at", "id").values("pk", "client_id", "kind")[:_MOST])
    totals, queued = Counter(one["kind"] for one in events), set[str]()
    for client_id in sorted({one["client_id"] for one in events}):
        mine = [one["pk"] for one in events if one["client_id"] == client_id]
        with in_client(client_id):
            kinds = _mark(client_id, mine, at)
            for kind in sorted(kinds - queued):
                enqueue_job(ALERT, kind=kind, number=str(totals[kind]))
        queued |= kinds
    return len(queued)


def _mark(client_id: UUID, events: Sequence[UUID], at: datetime) -> set[str]:
    rows = SecurityEvent.objects.filter(client_id=client_id, pk__in=events, alerted_at=None)
    kinds = set(rows.select_for_update().values_list("kind", flat=True))
    rows.update(alerted_at=at)
    return kinds


def serialize_events_after(
    event_id: UUID | None, *, most: int, recorded_before: datetime | None = None
) -> Iterator[dict[str, object]]:
    """Yield events after this one as JSON values, oldest first; ids and codes only.

    ``recorded_before`` leaves out later rows (by their UUIDv7): one with an earlier id may not be committed yet.
    """
    found = SecurityEvent.objects.order_by("pk")
    if recorded_before is not None:
        found = found.filter(pk__lt=UUID(bytes=clock_bytes(recorded_before).ljust(16, b"\0")))
    for one in found.filter(pk__gt=event_id)[:most] if event_id else found[:most]:
        yield {
            "id": str(one.pk),
            "client": str(one.client_id),
            "kind": one.kind,
            "severity": Severity(one.severity).name.lower(),
            "happened_at": one.happened_at.isoformat(),
            "last_at": one.last_at.isoformat(),
            "count": one.count,
            "actor_kind": one.actor_kind or None,
            "actor": str(one.actor_id) if one.actor_id else None,
            "source": one.source or None,
            "entry": str(one.entry) if one.entry else None,
        }


_RECENT = timedelta(hours=1)


def read_events(at: datetime) -> Iterator[Gauge]:
    """Yield the number of security events of the last hour, by severity."""
    with as_officer():
        recent = SecurityEvent.objects.filter(happened_at__gt=at - _RECENT)
        counts = {one: recent.filter(severity=one)[:MOST_COUNTED].count() for one in Severity}
    for severity, number in counts.items():
        labels = {"severity": severity.name.lower()}
        yield Gauge("security_events_recent", "Security events of the last hour.", number, labels)
