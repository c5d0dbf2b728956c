"""Helpers of the announcement tests: a shared purpose that every client instructs."""

from datetime import timedelta

from consent.consents.models import ConsentState, Method
from consent.consents.services.recording import Answer, record_answers
from consent.decisions.facts import Question
from consent.decisions.selectors.decisions import decide_one
from consent.notices.models import Notice, NoticeDispatch
from consent.notices.selectors.notices import get_version_in_effect, purpose_timeline
from consent.notices.services.announcements import open_dispatches, record_dispatch_proof
from consent.notices.services.publishing import publish_notice_version
from consent.register.models.agreements import Instruction, ServiceAgreement
from consent.register.services.register import change_register
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
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
