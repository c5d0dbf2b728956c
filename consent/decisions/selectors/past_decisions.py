"""Decisions about many people, each as of a time of its own: the facts of all are read in one statement."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from consent.decisions.facts import Decision, Question, SubjectFacts
from consent.decisions.selectors.decisions import decide_from_facts
from consent.notices.selectors.registers import current_register, list_register_changes, register_as_of
from consent.register.compiled import Register
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability

_FACTS = """
SELECT (SELECT consent_subject_facts(asked.person, asked.past))::text
FROM unnest(%s::text[], %s::timestamptz[]) WITH ORDINALITY AS asked (person, past, place)
ORDER BY asked.place
"""


class PastDecision(NamedTuple):
    """A decision, and the facts about the person on which it was made; None for an unknown person."""

    decision: Decision
    facts: SubjectFacts | None


def decide_each(
    actor: Actor, client_id: UUID, asked: Sequence[tuple[str, Question]], *, now: datetime
) -> list[PastDecision]:
    """Decide questions about registered people, in order, each at its own time up to ``now``, in the client's context.

    Answers as ``decide_one`` does. The facts of all people and times are read in one statement; a register is compiled
    once for each period in which it did not change. Raises NotAllowed.
    """
    require(actor, Capability.REQUEST_DECISIONS, client_id)
    if not asked:
        return []
    registers = _Registers(client_id, since=min(question.at for _, question in asked), now=now)
    pairs = {(person, question.at if question.at < now else None) for person, question in asked}
    facts = _fetch_facts(list(pairs))
    return [
        PastDecision(
            *decide_from_facts(
                facts[person, question.at if question.at < now else None], registers.at(question.at), question
            )
        )
        for person, question in asked
    ]


def _fetch_facts(pairs: list[tuple[str, datetime | None]]) -> dict[tuple[str, datetime | None], str | None]:
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, [[person for person, _ in pairs], [past for _, past in pairs]])
        found = [text for (text,) in cursor.fetchall()]
    return dict(zip(pairs, found, strict=True))


class _Registers:
    """The registers of a client over time, compiled when they are needed."""

    def __init__(self, client_id: UUID, *, since: datetime, now: datetime) -> None:
        self.client_id = client_id
        self.changes = [moment for moment in list_register_changes(client_id, since=since) if moment <= now]
        self.compiled: dict[int, Register] = {}

    def at(self, moment: datetime) -> Register:
        """Return the register as of a time."""
        place = bisect_right(self.changes, moment)
        if place not in self.compiled:
            is_current = place == len(self.changes)
            found = current_register(self.client_id) if is_current else register_as_of(self.client_id, moment)
            self.compiled[place] = found
        return self.compiled[place]
