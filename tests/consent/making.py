"""Steps of the tests of consent: approvals by a second person, lifted restrictions, announced notices."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from consent.consents.models import ConsentState, Method, Objection, Restriction
from consent.consents.services.recording import Answer, record_answers
from consent.decisions.facts import Question
from consent.decisions.selectors.decisions import decide_one
from consent.notices.models import Notice, NoticeDispatch, NoticeVersion
from consent.notices.notice_tokens import ShownNotice, sign_notice_token
from consent.notices.selectors.notices import get_version_in_effect, purpose_timeline
from consent.notices.selectors.registers import get_current_notice
from consent.notices.services.announcements import open_dispatches, record_dispatch_proof
from consent.notices.services.publishing import publish_notice_version
from consent.register.models.agreements import Instruction, Recipient, RecipientApproval, ServiceAgreement
from consent.register.models.purposes import LawfulBasis
from consent.register.services import change_register, request_safeguard_change
from paktaleem.foundation.accounts.actors import Actor, user_actor
from paktaleem.foundation.accounts.changes import decide_proposed_change
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from rights.desk.limits import inform_before_lift, propose_overruling, request_lift_after_notice, settle_overruling
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
        with in_client(cast.client_id(code)):
            row = Instruction(
                client_id=cast.client_id(code),
                agreement=ServiceAgreement.objects.get(client_id=cast.client_id(code)),
                document="Annex 2",
                purposes=[PURPOSE],
                categories=["contact_details"],
                starts_at=CAST_AT,
            )
            change_register(row, actor=SETTING_UP, reason=Reason.ONBOARDING, at=CAST_AT)


def announce(cast, at, *, code=f"about_{PURPOSE}", actor="amina", **changed):
    """Announce the next version of a shared notice, effective in thirty days."""
    values = {"text_en": "New words.", "text_ur": "نئے الفاظ", "is_material": True, "effective_at": at + 30 * DAY}
    with in_client(PAKTALEEM):
        return publish_notice_version(
            Notice.objects.get(client_id=PAKTALEEM, code=code),
            actor=cast.actor(actor),
            reason=Reason.LAW_CHANGE,
            at=at,
            **{**values, **changed},
        )


def prove(cast, code, version, at):
    """Record that an email about the version was sent to a client."""
    with in_client(cast.client_id(code)):
        open_dispatches(cast.client(code), actor=SETTING_UP, at=at)
        row = NoticeDispatch.objects.get(client_id=cast.client_id(code), version=version)
        return record_dispatch_proof(row, dispatched_at=at, actor=SETTING_UP, at=at)


def consent(cast, code, at):
    """Record the consent of the client's adult to the shared purpose, on paper, under the notice in effect."""
    with in_client(cast.client_id(code)):
        version = get_version_in_effect(purpose_timeline(cast.client(code), PURPOSE), at=at)
        record_answers(
            cast.subject(PEOPLE[code]),
            answers=[Answer(PURPOSE, ConsentState.GIVEN)],
            notice_version=version.pk,
            method=Method.PAPER,
            evidence="Box 3",
            claimed_at=at,
            actor=cast.key_actor(code),
            at=at,
        )
        return version


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
        other = user_actor(new_id(), "privacy_officer", PAKTALEEM)
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
        other = user_actor(new_id(), "privacy_officer", PAKTALEEM)
        propose_overruling(row, ground="Court order 17/2026", actor=other, at=at)
        row = settle_overruling(row, approve=True, actor=actor, at=at)
    return row


def shown(client_id: UUID, at: datetime, purpose: str = "newsletter", language: str = "") -> str:
    """Return a token for the notice in effect about a purpose at a time, in both languages unless one is given."""
    return shown_version(get_current_notice(purpose, client_id=client_id, at=at), client_id, at, language)


def shown_version(version: NoticeVersion, client_id: UUID, at: datetime, language: str = "") -> str:
    return sign_notice_token(ShownNotice(version.pk, tuple(version.notice.purposes), language, client_id, at))
