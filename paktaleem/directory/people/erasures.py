"""Whether this database has carried out every erasure on the list; requests are refused until it has."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, Max

from paktaleem.directory.people.erasure_records import ErasureCarriedOut
from paktaleem.foundation.encryption.erasure_list import Intent, ListDamaged, erasure_list
from paktaleem.foundation.tenancy.context import in_global

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
        """Return True if the database has carried out every erasure of the list."""
        return self in {ErasureState.CARRIED_OUT, ErasureState.LIST_BEHIND}


class ListBehind(ListDamaged):
    """The list ends before the last erasure that this database has carried out; all of its lines are right."""


def erasure_state(*, at: datetime) -> ErasureState:
    """Compare the list with the database: by count first, line by line only if they differ.

    Call outside any tenant context.
    """
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
    """Return True if the list lacks a line that this database has carried out, so that no line may be added to it.

    Raises OSError or ListDamaged if it cannot be read.
    """
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

    Raises ListDamaged if the database has carried out a line that the list lacks or that differs.
    """
    missing, is_behind = _compare()
    if is_behind:
        raise ListBehind("The erasure list ends before the last erasure that this database has carried out.")
    return missing


def _compare() -> tuple[list[Intent], bool]:
    """Return the erasures that the database lacks, and whether the list ends before its last one."""
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
