"""Whether this database has carried out every erasure on the list; requests are refused until it has."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import models
from django.db.models import Count, Max, Q

from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import ActorStamp
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.encryption.erasure_list import Intent, ListDamaged, erasure_list
from paktaleem.foundation.operations.diagnosis import Line, fine, to_mend, to_watch
from paktaleem.foundation.tenancy.context import in_global
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, Scope, TablePolicy, classify
from paktaleem.foundation.text.times import format_time


class Erasure(TenantRow, ActorStamp):
    """One confirmed erasure of one person, to which its orders refer; completed when the person's key was destroyed."""

    wall = TablePolicy(EDIT, left_out_of_copies="the acts of an erasure are in the ledger")

    subject = RowKey("people.Subject")
    reason = models.CharField(max_length=32, choices=Reason)
    started_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [unique_in_client("erasure_one_per_person", "subject")]
        indexes = [models.Index(fields=["client", "id"], condition=Q(completed_at=None), name="erasure_in_progress")]

    def __str__(self) -> str:
        return format_time(self.started_at)

    @property
    def is_complete(self) -> bool:
        return self.completed_at is not None


class ErasureCarriedOut(models.Model):
    """One line of the erasure list that this database has carried out; a restored older one lacks the later lines."""

    wall = TablePolicy(
        APPEND,
        Scope.GLOBAL,
        reason="compared with the list outside the database before anyone is served; holds numbers only",
        officer=False,
        personal=classify(none="mark"),
    )

    number = models.BigIntegerField(primary_key=True)
    mark = models.BinaryField(max_length=32, help_text="The MAC of the line, which detects an altered list.")

    def __str__(self) -> str:
        return f"line {self.number}"


UNDER_WAY = timedelta(seconds=60)
"""Longest time between an erasure's line and its commit before it counts as not carried out."""


class ErasureState(StrEnum):
    """Result of comparing the erasure list with the database; also the reasons returned by ``/readyz``."""

    CARRIED_OUT = "erasures_carried_out"
    LIST_BEHIND = "erasure_list_behind"
    """intact, but older than the database: the copy of another host, or a list that was cut"""
    NOT_REPLAYED = "erasures_not_replayed"
    LIST_DAMAGED = "erasure_list_damaged"
    LIST_MISSING = "erasure_list_missing"
    LIST_UNREADABLE = "erasure_list_unreadable"

    @property
    def may_serve(self) -> bool:
        return self in {ErasureState.CARRIED_OUT, ErasureState.LIST_BEHIND}


class ListBehind(ListDamaged):
    """The list ends before the last erasure that this database has carried out; all of its lines are right."""


def erasure_state(*, at: datetime) -> ErasureState:
    """Compare the list with the database, line by line only if the counts differ. Call outside any tenant context."""
    try:
        if _is_in_step():
            return ErasureState.CARRIED_OUT
        missing, is_behind = _compare()
        lines = erasure_list()
        finished, is_empty = lines.finished(), not lines.intents()
    except ListDamaged:
        return ErasureState.LIST_DAMAGED
    except OSError:
        return ErasureState.LIST_UNREADABLE
    if is_empty:
        return ErasureState.LIST_MISSING
    if any(intent.number in finished or at - intent.at > UNDER_WAY for intent in missing):
        return ErasureState.NOT_REPLAYED
    return ErasureState.LIST_BEHIND if is_behind else ErasureState.CARRIED_OUT


def is_list_behind() -> bool:
    """Return True if the list lacks a line carried out here: none may be added. Raises OSError or ListDamaged."""
    last = ErasureCarriedOut.objects.aggregate(last=Max("number"))["last"]
    return last is not None and last > max(erasure_list().intents(), default=0)


def _is_in_step() -> bool:
    with in_global():
        done = ErasureCarriedOut.objects.aggregate(count=Count("number"), last=Max("number"))
        last = ErasureCarriedOut.objects.filter(number=done["last"]).first()
    intents = erasure_list().intents()
    if last is None:
        return not intents
    known = intents.get(last.number)
    return done["count"] == len(intents) and known is not None and known.mark == bytes(last.mark)


def missing_erasures() -> list[Intent]:
    """List the erasures that this database has not carried out, in order. Call outside any tenant context.

    Raises ListBehind; ListDamaged if the database has carried out a line that the list lacks or that differs.
    """
    missing, is_behind = _compare()
    if is_behind:
        raise ListBehind("The erasure list ends before the last erasure that this database has carried out.")
    return missing


def _compare() -> tuple[list[Intent], bool]:
    before = _carried_out()  # an erasure may commit while we read: the list includes at least these
    intents = erasure_list().intents()
    last = max(intents, default=0)
    for number, mark in before.items():
        if number <= last and (number not in intents or intents[number].mark != mark):
            raise ListDamaged(f"Line {number} of the erasure list is missing, or is not the one carried out here.")
    after = _carried_out()  # and the database by now includes at least those
    missing = [intent for number, intent in intents.items() if number not in after]
    return missing, any(number > last for number in before)


def _carried_out() -> Mapping[int, bytes]:
    with in_global():
        return {number: bytes(mark) for number, mark in ErasureCarriedOut.objects.values_list("number", "mark")}


_REMEDIES = {
    ErasureState.LIST_BEHIND: "Put the newest list into ERASURE_LIST_FILE. Until then no one is erased here.",
    ErasureState.NOT_REPLAYED: "Run: manage.py replay_erasures",
    ErasureState.LIST_DAMAGED: "Restore the erasure list that this database knows (ERASURE_LIST_FILE).",
    ErasureState.LIST_MISSING: "ERASURE_LIST_FILE is not there or empty: mount its storage, or restore its copy.",
    ErasureState.LIST_UNREADABLE: "Let the portal's user read and write ERASURE_LIST_FILE and its folder (chown).",
}


def check_erasures() -> Iterator[Line]:
    state = erasure_state(at=wall_clock_now())
    if state is ErasureState.CARRIED_OUT:
        yield fine("erasures", "all of the list are carried out")
    elif state.may_serve:
        yield to_watch("erasures", f"{state.value}: the list of this host ends too early", _REMEDIES[state])
    else:
        yield to_mend("erasures", f"{state.value}: the portal answers 503", _REMEDIES[state])
