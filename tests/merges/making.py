"""Two records of one person at Indus, and the acts that link them and take them apart."""

from typing import Any

from paktaleem.directory.people.merges.services import decide_merge, propose_merge, propose_undo
from paktaleem.directory.people.models import PersonMerge, Subject
from paktaleem.foundation.audit.actors import Reason
from tests.factories import SubjectFactory

SECOND = "lms-junaid-2"


def second_record(cast, **details):
    values: dict[str, Any] = {"external_id": SECOND, "role": "instructor", **details}
    SubjectFactory(client=cast.client("indus"), **values)
    return Subject.objects.select_related("client").get(external_id=values["external_id"])


def proposed(main, other, cast, at, by="farah") -> PersonMerge:
    actor = cast.actor(by) if isinstance(by, str) else by
    ground = "One person, two records."
    return propose_merge(main, other, ground=ground, actor=actor, reason=Reason.REVIEW, at=at)


def linked(main, other, cast, at) -> PersonMerge:
    """Link two records by two people: Farah proposes, Amina confirms."""
    return decide_merge(proposed(main, other, cast, at), approve=True, actor=cast.actor("amina"), at=at)


def undone(main, other, cast, at, by="farah"):
    ground, why = "They are two people.", Reason.CORRECTION
    return propose_undo(main, other, ground=ground, actor=cast.actor(by), reason=why, at=at)


def taken_apart(main, other, cast, at):
    return decide_merge(undone(main, other, cast, at), approve=True, actor=cast.actor("amina"), at=at)
