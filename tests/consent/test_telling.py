"""Clients are notified by email, with proof of sending; they acknowledge or object, or are reminded."""

import json
import socket

import pytest
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, connection, transaction

from consent.notices.models import NoticeDispatch, NoticeResponse
from consent.notices.selectors.notices import select_open_objections, select_unacknowledged
from consent.notices.services.announcements import process_client
from consent.notices.services.publishing import (
    acknowledge_announcement,
    answer_objection,
    object_to_announcement,
    withdraw_objection,
)
from consent.tasks import process_announcements
from paktaleem.directory.mail.delivery import RETRY_DELAYS, deliver_message
from paktaleem.directory.mail.models import Letter
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import as_officer, in_client
from tests.consent.making import DAY, SECOND, announce, consent, decision, prove, share_purpose

WORKER = system_actor("tests")


@pytest.fixture
def shared(cast, now):
    share_purpose(cast)
    consent(cast, "indus", now - DAY)
    return cast


@pytest.fixture
def announced(cast, now):
    return announce(cast, now, code="privacy_notice")


def follow(cast, at, code="indus"):
    with in_client(cast.client_id(code)):
        process_client(cast.client_id(code), actor=WORKER, at=at)
        return NoticeDispatch.objects.get(client_id=cast.client_id(code))


def deliver(cast, at, code="indus"):
    with in_client(cast.client_id(code)):
        for letter in Letter.objects.filter(client_id=cast.client_id(code), state="queued", due_at__lte=at):
            deliver_message(letter.pk, client_id=letter.client_id, actor=WORKER, at=at)


def test_each_administrator_is_emailed_and_the_email_sent_is_the_proof(cast, announced, now, mailoutbox):
    assert follow(cast, now).dispatched_at is None
    deliver(cast, now + SECOND)
    assert follow(cast, now).dispatched_at is None, "it waited for the run that sent the email"
    assert [letter.to for letter in mailoutbox] == [["farah@indus.example"]]
    assert "2026-10-31" in mailoutbox[0].subject
    told = follow(cast, now + 2 * SECOND)
    assert (told.dispatched_at, told.takes_effect_at) == (now + SECOND, announced.effective_at)
    follow(cast, now + DAY)
    with in_client(cast.client_id("indus")):
        assert len(mailoutbox) == Letter.objects.count() == 1


def test_where_the_mail_server_refuses_every_connection_the_change_has_no_effect(shared, now, settings):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = {"host": "127.0.0.1", "port": probe.getsockname()[1]}
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": closed}}
    version = announce(shared, now)
    follow(shared, now)
    at = now
    for wait in (*RETRY_DELAYS, DAY):
        deliver(shared, at)
        at += wait
    dispatch = follow(shared, at)
    letters = Letter.objects.filter(related_id=dispatch.pk).order_by("queued_at")
    with in_client(shared.client_id("indus")):
        tried = [(one.state, one.attempts, one.last_error) for one in letters]
    assert tried == [("failed", len(RETRY_DELAYS) + 1, "unreachable"), ("queued", 0, "")]
    assert dispatch.takes_effect_at is None
    assert decision(shared, "indus", version.effective_at + DAY).allowed


def test_the_worker_does_all_of_it(committed, mailoutbox):
    from django.utils import timezone  # noqa: PLC0415 -- the worker's clock

    announce(committed, timezone.now(), code="privacy_notice")
    process_announcements()
    for code in ("indus", "khyber"):
        deliver(committed, timezone.now(), code)
    process_announcements()
    process_announcements()
    assert sorted(letter.to[0] for letter in mailoutbox) == ["celia@khyber.example", "farah@indus.example"]
    with as_officer():
        assert NoticeDispatch.objects.filter(takes_effect_at__isnull=False).count() == 2


def test_who_says_nothing_is_reminded_twice_and_who_has_spoken_is_not(cast, announced, now, mailoutbox):
    effect = announced.effective_at
    prove(cast, "indus", announced, now)
    follow(cast, effect - 14 * DAY - SECOND)
    assert mailoutbox == []
    for days, reminders in ((14, 1), (13, 1), (3, 2), (1, 2)):
        assert follow(cast, effect - days * DAY).reminders == reminders
        deliver(cast, effect - days * DAY)
    assert [one.subject.split(":")[0] for one in mailoutbox] == ["Reminder"] * 2
    prove(cast, "khyber", announced, now)
    with in_client(cast.client_id("khyber")):
        dispatch = NoticeDispatch.objects.get(client_id=cast.client_id("khyber"))
        acknowledge_announcement(dispatch, actor=cast.actor("celia"), at=now + DAY)
    assert follow(cast, effect - DAY, "khyber").reminders == 0


@pytest.fixture
def inbox(cast, announced, now):
    """Return Indus's announcement, in the client's context."""
    prove(cast, "indus", announced, now)
    with in_client(cast.client_id("indus")):
        yield NoticeDispatch.objects.get(client_id=cast.client_id("indus"))


def test_an_objection_waits_for_an_officer_and_stops_nothing(cast, inbox, announced, now):
    for code in ("explained", "because", ""):
        with pytest.raises(ValidationError):
            object_to_announcement(inbox, code=code, actor=cast.actor("farah"), at=now)
    object_to_announcement(inbox, code="law", note="See § 4.", actor=cast.actor("farah"), at=now)
    with pytest.raises(Refused):
        object_to_announcement(inbox, code="law", actor=cast.actor("farah"), at=now)
    assert list(select_open_objections(cast.actor("amina"))) == [inbox]
    inbox.refresh_from_db()
    assert inbox.takes_effect_at == announced.effective_at
    answer_objection(inbox, code="explained", note="It follows the law.", actor=cast.actor("amina"), at=now + DAY)
    assert not select_open_objections(cast.actor("amina"))
    with pytest.raises(Refused):
        answer_objection(inbox, code="explained", actor=cast.actor("amina"), at=now + DAY)
    with pytest.raises(Refused):
        withdraw_objection(inbox, actor=cast.actor("farah"), at=now + DAY)
    object_to_announcement(inbox, code="unclear", actor=cast.actor("farah"), at=now + 2 * DAY)
    said = NoticeResponse.objects.filter(dispatch=inbox).values_list("kind", "code")
    assert list(said) == [("objected", "law"), ("answered", "explained"), ("objected", "unclear")]


@pytest.mark.parametrize("name", ["amina", "bilal", "sana", "celia"])
def test_others_do_not_answer_for_the_client(cast, inbox, now, name):
    with pytest.raises(NotAllowed):
        acknowledge_announcement(inbox, actor=cast.actor(name), at=now)
    if name != "amina":
        with pytest.raises(NotAllowed):
            answer_objection(inbox, code="explained", actor=cast.actor(name), at=now)


def test_an_acknowledgement_stays_as_evidence_and_is_given_once(cast, inbox, now):
    assert list(select_unacknowledged(cast.actor("farah"))) == [inbox]
    acknowledge_announcement(inbox, actor=cast.actor("farah"), at=now + SECOND)
    assert not select_unacknowledged(cast.actor("farah"))
    facts = json.loads(Entry.objects.get(kind="notice.acknowledged").body)
    assert (facts["actor"]["id"], facts["recorded_at"]) == (str(cast.user_id("farah")), (now + SECOND).isoformat())
    with pytest.raises(Refused):
        acknowledge_announcement(inbox, actor=cast.actor("farah"), at=now + DAY)
    for change in ("UPDATE consent_noticeresponse SET kind = 'objected'", "DELETE FROM consent_noticeresponse"):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change)
