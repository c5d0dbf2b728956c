"""Kinds of data: people, the evidence about them, and what sign-ins leave behind."""

from datetime import datetime
from functools import partial
from uuid import UUID

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.tenancy.context import autonomous_transaction, in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal, Unit
from paktaleem.foundation.upkeep.periods.services import get_cutoff

LEAVERS = "leavers"
"""The code of the kind for records of people who left; ``rights.erasures`` declares the kind."""
_AT_ONCE = 5_000
_UNLINKED_BYTES = 16
"""Length of the random value that replaces a tombstone, a keyed hash of 32 bytes."""
_UNLINK = """
UPDATE people_subject SET tombstone = uuid_send(gen_random_uuid())
WHERE client_id = %(client)s AND id = ANY(%(people)s)
"""


def list_linked_evidence(at: datetime) -> QuerySet[Subject]:
    """List erased people whose evidence is due to lose its last link to them, in the current context."""
    found: QuerySet[Subject] = Subject.objects.annotate(mark=Length("tombstone")).filter(
        erased_at__lte=get_cutoff(EVIDENCE.code, at=at), mark__gt=_UNLINKED_BYTES
    )
    return found


def _unlink_evidence(client_id: UUID, *, at: datetime, **_actor: object) -> int:
    # A tombstone, a keyed hash of the LMS id, is the last link from append-only evidence to the person. It is in no
    # history, so that one statement can replace it by a random value.
    due = list_linked_evidence(at).filter(client_id=client_id).order_by("pk")
    people = list(due.values_list("pk", flat=True)[:_AT_ONCE])
    with connection.cursor() as cursor:
        cursor.execute(_UNLINK, {"client": client_id, "people": people})
        return int(cursor.rowcount)


PERSON = DataKind(
    code="person",
    name=_("A person’s data in this portal, with its history and files"),
    counted_from=_("The erasure of the person: by their request, or by the retention schedule"),
    disposal=Disposal.KEY,
    is_counted=False,
)
EVIDENCE = DataKind(
    code="evidence",
    name=_("Pseudonymous evidence: ledger, consents, access records, certificates"),
    counted_from=_("The erasure of the person"),
    disposal=Disposal.UNLINKED,
    bounds=Bounds(3650, 1825, 7300),
    due=list_linked_evidence,
    purge=_unlink_evidence,
)


def _cutoff(kind: DataKind, at: datetime) -> datetime:
    with in_client(PAKTALEEM):
        return get_cutoff(kind.code, at=at)


def _purge_sessions(at: datetime) -> int:
    ended = _cutoff(SESSIONS, at)
    with in_global():
        return Session.objects.filter(expire_date__lt=ended).delete()[0]


def _purge_failures(at: datetime) -> int:
    failed = _cutoff(FAILED_SIGN_INS, at)
    cache.forget_expired(at)  # type: ignore[attr-defined]
    with autonomous_transaction():
        attempts: int = AccessAttempt.objects.filter(attempt_time__lt=failed).delete()[0]
    return attempts


_kind = partial(DataKind, disposal=Disposal.ROWS, bounds=Bounds(1, 1, 24, Unit.HOURS))
SESSIONS = _kind(
    code="sessions", name=_("Sessions of staff"), counted_from=_("The end of the session"), purge_all=_purge_sessions
)
FAILED_SIGN_INS = _kind(
    code="failed_sign_ins",
    name=_("Failed sign-ins: name and address"),
    counted_from=_("The attempt; counters end with their limit"),
    purge_all=_purge_failures,
)
