"""The people of the demonstration and their answers."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from consent.consents.models.consents import ConsentState, GivenBy
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from consent.notices.models.notices import NoticeVersion
from consent.notices.notice_tokens import ShownNotice, sign_notice_token
from paktaleem.development.demo.content import PEOPLE, Person
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.claims import claim_guardian
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client

_MOMENT = timedelta(microseconds=1)


def external_id_of(person: str) -> str:
    """Return the LMS id of a person of the demonstration."""
    return f"lms-{person.replace('_', '-')}"


def fill_people(client: Client, notices: dict[str, NoticeVersion], *, actor: Actor, at: datetime) -> None:
    """Register a client's people and record their answers; ``notices`` maps purposes to notice versions."""
    registered: dict[str, Subject] = {}
    for person in PEOPLE[client.code]:
        subject = _register(person, client, actor, at)
        registered[person.code] = subject
        guardian = registered[person.guardian] if person.guardian else None
        if guardian is not None:
            claim_guardian(subject, guardian=guardian, relationship="parent", actor=actor, at=at)
        common: dict[str, Any] = {
            "given_by": GivenBy.GUARDIAN if guardian else GivenBy.SELF,
            "guardian": guardian,
            "language": person.language,
            "actor": actor,
        }
        for purpose, states in person.answers:
            for later, state in enumerate(states):
                _answer(subject, purpose, state, notices[purpose], {**common, "at": at + later * _MOMENT})


def _register(person: Person, client: Client, actor: Actor, at: datetime) -> Subject:
    details: dict[str, Any] = person.details(client.code)
    if person.age is not None:
        day = at.astimezone(ZoneInfo(client.time_zone)).date() - timedelta(days=100)
        details["birth_date"] = day.replace(year=day.year - person.age, day=min(day.day, 28))
    subject, _ = register_subject(external_id_of(person.code), client=client, details=details, actor=actor, at=at)
    return subject


def _answer(subject: Subject, purpose: str, state: str, notice: NoticeVersion, common: dict[str, Any]) -> None:
    if state == ConsentState.WITHDRAWN:
        withdraw_consent(subject, purpose=purpose, **common)
        return
    shown = ShownNotice(notice.pk, (purpose,), common["language"], subject.client_id, common["at"])
    record_answers(subject, answers=[Answer(purpose, ConsentState(state))], shown=sign_notice_token(shown), **common)
