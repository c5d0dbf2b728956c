"""When a version takes effect at a client, and how clients are notified of it, acknowledge or object."""

import json
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, strategies as st

from consent.consents.models import Consent, GivenBy
from consent.consents.services.recording import withdraw_consent
from consent.notices.effects import PublishedVersion, effect_after_proof, effects_at_client, merge_own_and_shared
from consent.notices.models import Notice, NoticeDispatch, NoticeResponse
from consent.notices.selectors.notices import (
    RenewalCounts,
    preview_effect,
    select_open_objections,
    select_unacknowledged,
)
from consent.notices.selectors.registers import get_current_notice
from consent.notices.services.announcements import process_client
from consent.notices.services.publishing import (
    acknowledge_announcement,
    answer_objection,
    object_to_announcement,
    withdraw_objection,
)
from consent.register.compiled import NoticeRule, NoticeVersionRule
from consent.register.services import change_register
from consent.tasks import process_announcements
from paktaleem.directory.mail.delivery import RETRY_DELAYS, deliver_message
from paktaleem.directory.mail.models import Letter
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.consent.making import DAY, PURPOSE, SECOND, announce, consent, decision, give, on_paper, prove, share_purpose
from tests.consent.plain_decision import plain_in_effect, plain_outdated
from tests.factories import SETTING_UP

NOW = datetime(2026, 10, 1, 9, tzinfo=UTC)
KARACHI = ZoneInfo("Asia/Karachi")
BEFORE = NOW - 100 * DAY
WORKER = system_actor("tests")


def number(value):
    return UUID(int=value)


def version(n, *, material=True, announced=0, effective=30, days=30):
    return PublishedVersion(number(n), n, material, NOW + announced * DAY, NOW + effective * DAY, days)


FIRST = version(1, announced=-50, effective=-50, days=0)


def after_proof(days_later, **changes):
    told = NOW + timedelta(days=days_later)
    values = {"notice_days": 30, "dispatched_at": told, "proven_at": told, "zone": KARACHI, **changes}
    return effect_after_proof(NOW + 30 * DAY, **values)


@pytest.mark.parametrize(
    ("days_later", "expected"),
    [(0, 30), (9.9 / 24, 30), (10 / 24, 30 + 10 / 24), (1, 31), (40, 70)],
    ids=["at once", "the same day in Karachi", "after midnight in Karachi", "a day late", "after the planned moment"],
)
def test_a_client_notified_late_gets_the_same_notice(days_later, expected):
    assert after_proof(days_later) == NOW + timedelta(days=expected)


def test_nothing_takes_effect_before_its_proof_was_recorded():
    assert after_proof(0, proven_at=NOW + 31 * DAY) == NOW + 31 * DAY


def test_without_proof_a_version_has_no_effect():
    assert effects_at_client([FIRST, version(2)], proven={}, client_since=BEFORE) == (
        NoticeVersionRule(FIRST.id, FIRST.effective_at, material=True),
    )


@pytest.mark.parametrize("since", [None, NOW + DAY], ids=["its own notice", "came after the announcement"])
def test_a_version_takes_effect_without_proof_where_no_announcement_is_needed(since):
    found = effects_at_client([FIRST, version(2)], proven={}, client_since=since)
    assert found[-1] == NoticeVersionRule(number(2), NOW + 30 * DAY, material=True)


def test_own_wording_takes_the_place_of_the_shared_text():
    shared = [NoticeVersionRule(number(1), NOW, True), NoticeVersionRule(number(2), NOW + 9 * DAY, True)]
    own = [NoticeVersionRule(number(3), NOW + 5 * DAY, False)]
    rule = NoticeRule("newsletter", merge_own_and_shared(own, shared))
    assert [one.id for one in rule.versions] == [number(1), number(3)]
    assert rule.outdated_at == {number(1): None, number(3): None}
    assert [rule.in_effect(NOW + days * DAY) for days in (-1, 4, 5)] == [None, shared[0], own[0]]


STEPS = st.sampled_from([-40, -10, -1, 0, 1, 20, 30, 31, 45, 60])


@st.composite
def histories(draw):
    """Generate versions in order, some with proof, and when the client joined."""
    found, announced, effective = [FIRST], 0, 0
    for n in range(2, draw(st.integers(2, 5)) + 1):
        material = draw(st.booleans())
        announced += draw(st.integers(0, 20))
        effective = max(effective, announced + (30 if material else 0) + draw(st.integers(0, 20)))
        found.append(
            version(n, material=material, announced=announced, effective=effective, days=30 if material else 0)
        )
    proven = {}
    for one in found[1:]:
        if one.notice_days and draw(st.booleans()):
            late = NOW + timedelta(days=draw(st.integers(0, 90)))
            proven[one.id] = max(one.effective_at, late)
    since = draw(st.none() | STEPS.map(lambda days: NOW + days * DAY))
    return found, proven, since


@given(histories(), st.integers(-60, 150), st.integers(1, 5))
def test_the_derivation_agrees_with_the_plain_one(history, days, under):
    versions, proven, since = history
    at = NOW + days * DAY
    rule = NoticeRule("newsletter", effects_at_client(versions, proven=proven, client_since=since))
    current = rule.in_effect(at)
    assert (current and current.id.int) == plain_in_effect(versions, proven, since, at)
    if number(under) in rule.outdated_at and under <= (current.id.int if current else 0):
        outdated_at = rule.outdated_at[number(under)]
        assert (outdated_at is not None and outdated_at <= at) == plain_outdated(versions, proven, since, under, at)


@pytest.fixture
def asked(cast, now):
    """Set up consents of Junaid, Kiran and, for Danish, his mother."""
    share_purpose(cast)
    consent(cast, "khyber", now - DAY)
    consent(cast, "indus", now - DAY)
    with in_client(cast.client_id("indus")):
        how = {"given_by": GivenBy.GUARDIAN, "guardian": cast.subject("esra"), "actor": cast.key_actor("indus")}
        give(cast.subject("danish"), now - DAY, PURPOSE, **on_paper(cast.client_id("indus"), now - DAY, PURPOSE, **how))
    return cast


def preview(cast, at, *, material=True, code=f"about_{PURPOSE}", actor="amina"):
    with as_officer():
        notice = Notice.objects.get(client_id=PAKTALEEM, code=code)
        return preview_effect(notice, is_material=material, actor=cast.actor(actor), at=at)


def test_a_material_text_asks_everyone_anew(asked, now):
    effect = preview(asked, now)
    assert (effect.notified, effect.total) == (2, RenewalCounts("", 3, 2, 3, 1))
    assert effect.by_purpose == (RenewalCounts(PURPOSE, 3, 2, 3, 1),)


def test_a_change_that_is_not_material_requests_no_consent(asked, now):
    assert preview(asked, now, material=False).total == RenewalCounts("", 0, 0, 0, 0)


def test_the_policy_requests_no_consent_and_notifies_every_client(asked, now):
    effect = preview(asked, now, code="privacy_notice")
    assert (effect.notified, effect.total.consents) == (2, 0)


def test_what_no_longer_counts_is_not_counted(asked, now):
    with in_client(asked.client_id("khyber")):
        withdraw_consent(asked.subject("kiran"), purpose=PURPOSE, actor=asked.key_actor("khyber"), at=now)
    assert preview(asked, now + SECOND).total == RenewalCounts("", 2, 1, 2, 1)


def test_what_is_outdated_already_at_a_client_is_not_counted_again(asked, now):
    version = announce(asked, now)
    prove(asked, "indus", version, now)
    assert preview(asked, now + DAY).total.consents == 3
    assert preview(asked, version.effective_at).total == RenewalCounts("", 1, 1, 1, 0)


def test_a_client_counts_its_own_people_alone(asked, now):
    with in_client(asked.client_id("indus")):
        notice = Notice.objects.get(client_id=PAKTALEEM, code=f"about_{PURPOSE}")
        assert preview_effect(notice, is_material=True, actor=asked.actor("farah"), at=now).total.consents == 2


def test_a_person_asked_about_two_purposes_is_counted_once(cast, now):
    indus = cast.client_id("indus")
    with in_client(indus):
        notice = Notice.objects.get(client_id=indus, code="about_newsletter")
        for purpose in ("newsletter", "product_research"):
            give(cast.subject("hamza"), now, purpose, actor=cast.key_actor("indus"))
        notice.purposes = ["newsletter", "product_research"]
        change_register(notice, actor=SETTING_UP, reason=Reason.CORRECTION, at=now)
        version = get_current_notice("newsletter", client_id=indus, at=now)
        Consent.objects.filter(client_id=indus, purpose__code="product_research").update(notice_version=version.pk)
        effect = preview_effect(notice, is_material=True, actor=cast.actor("farah"), at=now + SECOND)
    assert effect.total == RenewalCounts("", 2, 1, 1, 0)
    assert effect.by_purpose == (RenewalCounts("newsletter", 1, 1, 1, 0), RenewalCounts("product_research", 1, 1, 1, 0))


def test_it_takes_a_fixed_number_of_queries(asked, now):
    with CaptureQueriesContext(connection) as captured:
        preview(asked, now)
    assert len([one for one in captured if "FROM" in one["sql"]]) <= 9


def test_who_may_see_no_consents_sees_no_effect(cast, now):
    nobody = replace(system_actor("nobody"), role="x", capabilities=frozenset())
    with as_officer():
        notice = Notice.objects.get(client_id=PAKTALEEM, code="privacy_notice")
        with pytest.raises(NotAllowed):
            preview_effect(notice, is_material=True, actor=nobody, at=now)


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
