"""Guardians that tests share."""

from datetime import datetime
from typing import Any

from children.models import Guardianship, ServiceAuthorisation
from children.services import answer_service, name_guardian, verify_guardian
from paktaleem.accounts.models import Client
from paktaleem.subjects.models import Subject
from tests.factories import SETTING_UP, SubjectFactory

__all__ = ["answered", "guardian_of", "make_guardian", "verified"]


def make_guardian(client: Client, name: str, *, at: datetime) -> Subject:
    """Register somebody who may be named as a guardian."""
    found: Subject = SubjectFactory(client=client, external_id=f"lms-{name}", role="guardian", full_name=name, at=at)
    return found


def guardian_of(child: Subject, guardian: Subject, *, at: datetime, **values: Any) -> Guardianship:
    """Name a guardian who may decide once verified."""
    given = {"relationship": "parent", "may_consent": True, "may_receive_data": True, **values}
    return name_guardian(child, guardian=guardian, **given, actor=SETTING_UP, at=at)


def verified(child: Subject, guardian: Subject, *, at: datetime, **values: Any) -> Guardianship:
    """Name a guardian and verify them by what staff saw."""
    row = guardian_of(child, guardian, at=at, **values)
    verify_guardian(row, method="in_person", evidence="Seen at the office", actor=SETTING_UP, at=at)
    return row


def answered(
    child: Subject, guardian: Subject | None, decision: str, *, at: datetime, **values: Any
) -> ServiceAuthorisation:
    """Record an answer about the service, as it reached the school."""
    given: dict[str, Any] = {"route": "school", "evidence": "Letter in the child's folder", **values}
    return answer_service(child, guardian=guardian, decision=decision, **given, actor=SETTING_UP, at=at)
