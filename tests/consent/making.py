"""Steps of the tests of consent: approvals by a second person, lifted restrictions, announced notices."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from consent.consents.models import ConsentEvent, ConsentState, Method, Objection, Restriction
from consent.consents.services.recording import Answer, record_answers
from consent.decisions.facts import Question
from consent.decisions.selectors.decisions import decide_one
from consent.notices.models import Notice, NoticeDispatch, NoticeVersion
from consent.notices.notice_tokens import ShownNotice, sign_notice_token
from consent.notices.selectors.registers import get_current_notice
from consent.notices.services.announcements import open_dispatches, record_dispatch_proof
from consent.notices.services.publishing import publish_notice_version
from consent.register.models.agreements import Instruction, Recipient, RecipientApproval, ServiceAgreement
from consent.register.models.purposes import LawfulBasis
from consent.register.services import change_register, request_safeguard_change
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, user_actor
from paktaleem.foundation.accounts.changes import decide_proposed_change
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from rights.desk.cases import inform_before_lift, propose_overruling, request_lift_after_notice, settle_overruling
from tests.factories import CAST_AT, SETTING_UP, make_consent_purpose

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)
PURPOSE = "platform_news"
PEOPLE = {"indus": "junaid", "khyber": "kiran"}


def share_purpose(cast):
    """Create the shared purpose with its notice, and have both clients instruct it."""
    with in_client(PAKTALEEM):
        make_consent_purpose(Client.objects.get(id=PAKTALEEM), PURPOSE, ["contact_details"])
    for code in PEOPLE:
        instruct(cast, code, CAST_AT, [PURPOSE])


def instruct(cast, code, at, purposes, recipients=()):
    """Have a client instruct purposes about contact details, and recipients."""
    client_id = cast.client_id(code)
    with in_client(client_id):
        covered = {"purposes": purposes, "categories": ["contact_details"], "recipients": list(recipients)}
        agreement = ServiceAgreement.objects.get(client_id=client_id)
        row = Instruction(client_id=client_id, agreement=agreement, document="Annex 2", starts_at=at, **covered)
        change_register(row, actor=SETTING_UP, reason=Reason.ONBOARDING, at=at)


def announce(cast, at, *, code=f"about_{PURPOSE}", actor="amina", **changed):
    """Announce the next version of a shared notice, effective in thirty days."""
    with in_client(PAKTALEEM):
        notice = Notice.objects.get(client_id=PAKTALEEM, code=code)
        return publish(notice, at, actor=cast.actor(actor), **{"effective_at": at + 30 * DAY, **changed})


def prove(cast, code, version, at):
    """Record that an email about the version was sent to a client."""
    with in_client(cast.client_id(code)):
        open_dispatches(cast.client(code), actor=SETTING_UP, at=at)
        row = NoticeDispatch.objects.get(client_id=cast.client_id(code), version=version)
        return record_dispatch_proof(row, dispatched_at=at, actor=SETTING_UP, at=at)


def consent(cast, code, at):
    """Record the consent of the client's adult to the shared purpose, on paper, under the notice in effect."""
    with in_client(cast.client_id(code)):
        paper = on_paper(cast.client_id(code), at, PURPOSE)
        return give(cast.subject(PEOPLE[code]), at, PURPOSE, **paper, actor=cast.key_actor(code)).notice_version


def decision(cast, code, at, *, now=None):
    """Decide whether the adult's data may be used for the shared purpose."""
    with in_client(cast.client_id(code)):
        question = Question(PURPOSE, at=at)
        return decide_one(cast.key_actor(code), cast.client_id(code), f"lms-{PEOPLE[code]}", question, now=now or at)


def officer() -> Actor:
    return user_actor(new_id(), "privacy_officer", PAKTALEEM)


def approve_by_two(row: RecipientApproval, *, at: datetime, approver: Actor | None = None) -> RecipientApproval:
    """Request an approval as one officer, and approve it as another (any, or this one); the row is read anew."""
    change = request_safeguard_change(row, ground="The service needs it.", actor=officer(), at=at)
    decide_proposed_change(change, approve=True, actor=approver or officer(), at=at)
    return RecipientApproval.objects.select_related("recipient").get(pk=row.pk)


def accept_by_two(row: LawfulBasis, *, requester: Actor, at: datetime) -> LawfulBasis:
    """Add a lawful basis other than consent: the client's administrator instructs it, an officer accepts."""
    change = request_safeguard_change(row, ground="The law demands it.", actor=requester, at=at)
    decide_proposed_change(change, approve=True, actor=officer(), at=at)
    return LawfulBasis.objects.get(pk=row.pk)


def make_provider(client_id: Any, *, at: datetime, code: str = "host", **values: Any) -> Recipient:
    named = {"name": "Host Ltd", "service": "Hosting", "agreement_reference": "A1", **values}
    row = Recipient(client_id=client_id, code=code, **named)
    return change_register(row, actor=SETTING_UP, reason=Reason.ONBOARDING, at=at)


def lift_by_two(restriction: Restriction, *, actor: Any, reason: Any, at: datetime) -> Restriction:
    """Inform the person, have another officer request it and the actor approve it; once lifted, change nothing."""
    row: Restriction = Restriction.objects.get(pk=restriction.pk)
    if row.ends_at is None:
        other = officer()
        inform_before_lift(row, way="by_hand", actor=other, at=at - timedelta(microseconds=1))
        change = request_lift_after_notice(row, ground="The dispute is settled.", actor=other, at=at)
        decide_proposed_change(change, approve=True, actor=actor, reason=reason, at=at)
        row.refresh_from_db()
    return row


def overrule_by_two(objection: Objection, *, actor: Any, reason: Any, at: datetime) -> Objection:
    """Have another officer propose to overrule the objection, and the actor agree; once ended, change nothing."""
    del reason
    row: Objection = Objection.objects.get(pk=objection.pk)
    if row.ends_at is None:
        propose_overruling(row, ground="Court order 17/2026", actor=officer(), at=at)
        row = settle_overruling(row, approve=True, actor=actor, at=at)
    return row


def shown(client_id: UUID, at: datetime, purpose: str = "newsletter", language: str = "") -> str:
    """Return a token for the notice in effect about a purpose at a time, in both languages unless one is given."""
    return shown_version(get_current_notice(purpose, client_id=client_id, at=at), client_id, at, language)


def shown_version(version: NoticeVersion, client_id: UUID, at: datetime, language: str = "") -> str:
    return sign_notice_token(ShownNotice(version.pk, tuple(version.notice.purposes), language, client_id, at))


@contextmanager
def refuses(*fields: str) -> Iterator[None]:
    """Expect a ValidationError about these fields, and about no others."""
    with pytest.raises(ValidationError) as caught:
        yield
    assert sorted(caught.value.message_dict) == sorted(fields)


def execute(sql: str, *values: Any) -> None:
    """Run one statement as the portal's database role, past every service."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def insert_copy(table: str, columns: dict[str, str], where: str = "true", *values: Any) -> None:
    """Insert a copy of each such row of a table with a new key and these SQL expressions as columns."""
    with connection.cursor() as cursor:
        names = [str(one.name) for one in connection.introspection.get_table_description(cursor, table)]
    taken = {"id": "gen_random_uuid()", **columns}
    new = ", ".join(taken.get(name, name) for name in names)
    statement = f"INSERT INTO {table} ({', '.join(names)}) SELECT {new} FROM {table} WHERE {where}"  # noqa: S608 -- our own
    execute(statement, *values)


def publish(notice: Notice, at: datetime, *, actor: Actor = SETTING_UP, **changed: Any) -> NoticeVersion:
    """Publish the next version of a notice: by default a material one, in effect at once."""
    values = {"text_en": "New words.", "text_ur": "نئے الفاظ", "is_material": True, "effective_at": at, **changed}
    return publish_notice_version(notice, actor=actor, reason=Reason.LAW_CHANGE, at=at, **values)


def give(subject: Subject, at: datetime, purpose: str = "newsletter", state: str = "given", **how: Any) -> ConsentEvent:
    """Record one answer: by default consent under the notice in effect, which is shown then."""
    if not how.keys() & {"notice_version", "shown"}:
        how["shown"] = shown(subject.client_id, at, purpose)
    answers = [Answer(purpose, ConsentState(state))]
    [event] = record_answers(subject, answers=answers, at=at, **{"actor": SETTING_UP, **how})
    return event


def on_paper(client_id: UUID, at: datetime, purpose: str = "newsletter", **how: Any) -> dict[str, Any]:
    """Return how an answer on paper is recorded under the notice in effect at a time."""
    version = get_current_notice(purpose, client_id=client_id, at=at)
    return {"notice_version": version.pk, "method": Method.PAPER, "evidence": "Box 3", "claimed_at": at, **how}
