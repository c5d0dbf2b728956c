"""Whether this database has carried out every erasure on the list; requests are refused until it has."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, Max

from paktaleem.directory.people.models import ErasureCarriedOut
from paktaleem.foundation.encryption.erasure_list import Intent, ListDamaged, erasure_list
from paktaleem.foundation.tenancy.context import in_global

__all__ = ["ErasureState", "erasure_state", "missing_erasures"]

UNDER_WAY = timedelta(seconds=60)
"""Longest time between an erasure's line and its commit before it counts as not carried out."""


class ErasureState(StrEnum):
    """Result of comparing the erasure list with the database; also the reasons returned by ``/readyz``."""

    CARRIED_OUT = "erasures_carried_out"
    NOT_REPLAYED = "erasures_not_replayed"
    LIST_DAMAGED = "erasure_list_damaged"


def erasure_state(*, at: datetime) -> ErasureState:
    """Compare the list with the database: by count first, line by line only if they differ.

    Call outside any tenant context.
    """
    if _is_in_step():
        return ErasureState.CARRIED_OUT
    try:
        missing = missing_erasures()
    except ListDamaged:
        return ErasureState.LIST_DAMAGED
    finished = erasure_list().finished()
    late = any(intent.number in finished or at - intent.at > UNDER_WAY for intent in missing)
    return ErasureState.NOT_REPLAYED if late else ErasureState.CARRIED_OUT


def _is_in_step() -> bool:
    with in_global():
        done = ErasureCarriedOut.objects.aggregate(count=Count("number"), last=Max("number"))
        last = ErasureCarriedOut.objects.filter(number=done["last"]).first()
    try:
        intents = erasure_list().intents()
    except ListDamaged:
        return False
    if last is None:
        return not intents
    known = intents.get(last.number)
    return done["count"] == len(intents) and known is not None and known.mark == bytes(last.mark)


def missing_erasures() -> list[Intent]:
    """List the erasures that this database has not carried out, in order. Call outside any tenant context.

    Raises ListDamaged if the database has carried out a line that the list lacks or that differs.
    """
    before = _carried_out()  # an erasure may commit while we read: the list includes at least these
    intents = erasure_list().intents()
    for number, mark in before.items():
        if number not in intents or intents[number].mark != mark:
            raise ListDamaged(f"Line {number} of the erasure list is missing, or is not the one carried out here.")
    after = _carried_out()  # and the database by now includes at least those
    return [intent for number, intent in intents.items() if number not in after]


def _carried_out() -> Mapping[int, bytes]:
    with in_global():
        return {number: bytes(mark) for number, mark in ErasureCarriedOut.objects.values_list("number", "mark")}
