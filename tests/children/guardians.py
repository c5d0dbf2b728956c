"""Helpers that create guardians for tests."""

from datetime import datetime
from typing import Any
from uuid import UUID

from children.guardians.models import Guardianship, ServiceAuthorisation
from children.guardians.services.answers import record_service_answer
from children.guardians.services.guardians import change_guardian, end_guardian, name_guardian
from children.guardians.services.verifications import verify_guardian
from consent.decisions.facts import Question
from consent.decisions.selectors.decisions import decide_one
from consent.notices.starter_register import CATEGORIES
from consent.register.models.agreements import Recipient, RecipientApproval
from consent.register.services import change_register
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from tests.consent.making import approve_by_two
from tests.factories import CAST_AT, SETTING_UP, SubjectFactory


def make_guardian(client: Client, name: str, *, at: datetime) -> Subject:
    found: Subject = SubjectFactory(client=client, external_id=f"lms-{name}", role="guardian", full_name=name, at=at)
    return found


def guardian_of(child: Subject, guardian: Subject, *, at: datetime, **values: Any) -> Guardianship:
    """Name a guardian who may decide once verified."""
    given = {"relationship": "parent", "may_consent": True, "may_receive_data": True, **values}
    return name_guardian(child, guardian=guardian, **given, actor=SETTING_UP, at=at)


def verified_guardian(child: Subject, guardian: Subject, *, at: datetime, **values: Any) -> Guardianship:
    row = guardian_of(child, guardian, at=at, **values)
    verify_guardian(row, method="in_person", evidence="Seen at the office", actor=SETTING_UP, at=at)
    return row


def changed(cast, row, at, *, note="", **changes):
    """Change a guardian's authority as the client's administrator, on the ground of a court's decision."""
    given = {"changes": changes, "note": note, "ground": "The court decided."}
    return change_guardian(row, **given, actor=cast.actor("farah"), at=at)


def ended(cast, row, at):
    return end_guardian(row, ground="The court decided.", actor=cast.actor("farah"), at=at)


def record_answer(
    child: Subject, guardian: Subject | None, decision: str, *, at: datetime, **values: Any
) -> ServiceAuthorisation:
    letter = {"route": "school", "evidence": "Letter in the child's folder", "claimed_at": at}
    given: dict[str, Any] = {**letter, **values}
    return record_service_answer(child, guardian=guardian, decision=decision, **given, actor=SETTING_UP, at=at)


def decision_reason(cast: Any, external_id: str, at: datetime, *, now: datetime | None = None, **question: Any) -> str:
    """Return the reason of the decision about a person of Indus at a time, in the client's context."""
    asked = Question(**{"purpose": "service_delivery", **question}, at=at)
    client_id = cast.client_id("indus")
    with in_client(client_id):
        return str(decide_one(cast.key_actor("indus"), client_id, external_id, asked, now=now or at).reason)


def approve_host(client_id: UUID, purpose: str) -> None:
    own: dict[str, Any] = {"client_id": client_id}
    by: dict[str, Any] = {"actor": SETTING_UP, "reason": Reason.ONBOARDING, "at": CAST_AT}
    host = change_register(Recipient(code="host", name="H", service="Hosting", agreement_reference="A1", **own), **by)
    told = {"purposes": [purpose], "categories": list(CATEGORIES), "starts_at": CAST_AT}
    approve_by_two(RecipientApproval(recipient=host, is_integral=True, **told, **own), at=CAST_AT)
