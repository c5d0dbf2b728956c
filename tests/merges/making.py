"""Two records of one person at Indus, and the acts that link them and take them apart."""

from datetime import datetime
from typing import Any

from paktaleem.directory.people.merges.services import decide_merge, propose_merge, propose_undo
from paktaleem.directory.people.models import PersonMerge, Subject
from paktaleem.foundation.audit.actors import Reason
from tests.cast import Cast
from tests.factories import SubjectFactory

SECOND = "lms-junaid-2"


def second_record(cast: Cast, **details: Any) -> Subject:
    values: dict[str, Any] = {"external_id": SECOND, "role": "instructor", **details}
    SubjectFactory(client=cast.client("indus"), **values)
    return Subject.objects.select_related("client").get(external_id=values["external_id"])


def proposed(main: Subject, other: Subject, cast: Cast, at: datetime) -> PersonMerge:
    return propose_merge(
        main, other, ground="One person, two records.", actor=cast.actor("farah"), reason=Reason.REVIEW, at=at
    )


def linked(main: Subject, other: Subject, cast: Cast, at: datetime) -> PersonMerge:
    """Link two records by two people: Farah proposes, Amina confirms."""
    return decide_merge(proposed(main, other, cast, at), approve=True, actor=cast.actor("amina"), at=at)


def taken_apart(main: Subject, other: Subject, cast: Cast, at: datetime) -> PersonMerge:
    row = propose_undo(
        main, other, ground="They are two people.", actor=cast.actor("farah"), reason=Reason.CORRECTION, at=at
    )
    return decide_merge(row, approve=True, actor=cast.actor("amina"), at=at)
