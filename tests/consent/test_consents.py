# ruff: noqa: PLR0917, PT012, RUF007, S608 -- parametrized; what comes before the refusal belongs to it; pairs; names of our own tables
"""Recording answers: stored data, refusals, and no lost answers under concurrency."""

import json
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, connection, transaction

from children.guardians.selectors import OfFullAge
from consent.consents.models import Consent, ConsentEvent, ConsentState, GivenBy, Method
from consent.consents.selectors.consents import consent_states
from consent.consents.services.consent_basis import GuardianUnknown, NoticeNotInEffect
from consent.consents.services.recording import (
    Answer,
    ClaimInFuture,
    ConsentNotBased,
    NothingToWithdraw,
    PurposeUnknown,
    record_answers,
    withdraw_consent,
)
from consent.notices.models import Notice, NoticeVersion
from consent.notices.notice_tokens import TokenExpired, TokenForeign
from consent.notices.selectors.registers import get_current_notice
from consent.register.models.purposes import LawfulBasis, Purpose
from consent.register.services import change_register
from paktaleem.foundation.accounts.actors import NotAllowed, key_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.embedded.layout import SUPERUSER
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import refused_to
from tests.consent.making import insert_copy, publish, shown, shown_version
from tests.factories import deactivate_purpose, make_consent_purpose
from tests.tenancy.connections import enter, rows

GIVEN, REFUSED, DEFERRED = ConsentState.GIVEN, ConsentState.REFUSED, ConsentState.DEFERRED
PURPOSES = ["newsletter", "product_research"]


def notice(client_id, at=datetime(2026, 10, 1, 9, tzinfo=UTC)):
    return get_current_notice("newsletter", client_id=client_id, at=at).pk


def answer(cast, subject, at, *states, **changed):
    """Record answers of a person; by default consent to the newsletter under its notice."""
    states = states or (("newsletter", GIVEN),)
    values = {
        "answers": [Answer(purpose, state) for purpose, state in states],
        "shown": shown(subject.client_id, at),
        "actor": cast.actor("farah"),
        "at": at,
        **changed,
    }
    return record_answers(subject, **values)


def state_of(subject, purpose="newsletter"):
    found = Consent.objects.filter(subject=subject, purpose__code=purpose).first()
    return found and found.state


def test_an_answer_is_kept_with_its_circumstances_and_its_evidence(cast, indus, now):
    hamza = cast.subject("hamza")
    [event] = answer(cast, hamza, now, language="ur", method="web", claimed_at=now - timedelta(days=1))
    kept = ConsentEvent.objects.get(pk=event.pk)
    version = NoticeVersion.objects.get(pk=notice(indus.id))
    assert (kept.state, kept.given_by, kept.guardian_id) == ("given", "self", None)
    assert (kept.language, kept.method) == ("ur", "web")
    assert (kept.notice_version_id, kept.shown_hash) == (version.pk, version.content_hash)
    assert (kept.shown_at, kept.claimed_at, kept.recorded_at) == (now, now - timedelta(days=1), now)
    assert (kept.actor_id, kept.actor_role) == (cast.user_id("farah"), "client_admin")
    current = Consent.objects.get(subject=hamza)
    assert (current.state, current.event_id) == ("given", kept.pk)
    assert (current.recorded_at, current.notice_version) == (now, version.pk)
    entry = Entry.objects.get(subject_id=hamza.id, kind="consent.given")
    facts = json.loads(entry.body)["facts"]
    assert (entry.actor_id, entry.recorded_at) == (cast.user_id("farah"), now)
    assert (facts["event"], facts["purpose"], facts["state"]) == (str(event.pk), "newsletter", "given")
    assert (facts["shown_hash"], facts["shown_at"]) == (event.shown_hash, now.isoformat())
    refused_to("bilal sana celia", lambda name: answer(cast, hamza, now, actor=cast.actor(name)))
    refused_to(
        "bilal sana celia", lambda name: withdraw_consent(hamza, purpose="newsletter", actor=cast.actor(name), at=now)
    )


def test_answers_follow_one_another_and_all_stay(cast, indus, now):
    hamza = cast.subject("hamza")
    for days, state in enumerate([ConsentState.REQUESTED, DEFERRED, REFUSED, GIVEN]):
        answer(cast, hamza, now + timedelta(days=days), ("newsletter", state))
        assert state_of(hamza) == state
    withdraw_consent(hamza, purpose="newsletter", actor=cast.actor("farah"), at=now + timedelta(days=4))
    states = ConsentEvent.objects.order_by("recorded_at").values_list("state", flat=True)
    assert list(states) == ["requested", "deferred", "refused", "given", "withdrawn"]
    assert Consent.objects.filter(subject=hamza).count() == 1
    assert state_of(hamza) == "withdrawn"


def test_several_answers_are_recorded_apart(cast, indus, now):
    hamza = cast.subject("hamza")
    row = Notice(client_id=indus.id, code="both", title_en="Both", title_ur="دونوں", purposes=PURPOSES)
    change_register(row, actor=cast.actor("farah"), reason=Reason.REVIEW, at=now)
    notice_of_both = shown_version(publish(row, now, actor=cast.actor("farah")), indus.id, now)
    events = answer(cast, hamza, now, ("newsletter", GIVEN), ("product_research", REFUSED), shown=notice_of_both)
    assert [event.state for event in events] == ["given", "refused"]
    assert (state_of(hamza), state_of(hamza, "product_research")) == ("given", "refused")
    assert Entry.objects.filter(subject_id=hamza.id, kind__startswith="consent.").count() == 2


@pytest.mark.parametrize("second", [("no_such_purpose", GIVEN), ("support", GIVEN), ("product_research", GIVEN)])
def test_all_answers_are_recorded_or_none(cast, indus, now, second):
    hamza = cast.subject("hamza")
    before = Entry.objects.count()
    with pytest.raises((PurposeUnknown, ConsentNotBased, TokenForeign)):
        answer(cast, hamza, now, ("newsletter", GIVEN), second)
    assert (ConsentEvent.objects.count(), state_of(hamza), Entry.objects.count()) == (0, None, before)
    answer(cast, hamza, now)  # the transaction is still usable, without a savepoint
    assert (ConsentEvent.objects.count(), state_of(hamza)) == (1, "given")


def test_withdrawing_is_as_easy_as_giving_and_again_changes_nothing(cast, indus, now):
    hamza = cast.subject("hamza")
    answer(cast, hamza, now)
    event = withdraw_consent(hamza, purpose="newsletter", actor=cast.actor("farah"), at=now + timedelta(days=1))
    assert (event.state, event.notice_version_id, event.recorded_at) == ("withdrawn", None, now + timedelta(days=1))
    assert state_of(hamza) == "withdrawn"
    again = withdraw_consent(hamza, purpose="newsletter", actor=cast.actor("farah"), at=now + timedelta(days=2))
    assert (again.pk, ConsentEvent.objects.count()) == (event.pk, 2)
    assert Entry.objects.filter(kind="consent.withdrawn", subject_id=hamza.id).count() == 1


def test_a_consent_is_withdrawn_though_its_purpose_was_closed_since(cast, indus, now):
    hamza = cast.subject("hamza")
    answer(cast, hamza, now)
    deactivate_purpose("newsletter", client_id=indus.id, at=now + timedelta(hours=1))
    event = withdraw_consent(hamza, purpose="newsletter", actor=cast.actor("farah"), at=now + timedelta(hours=2))
    assert event.state == ConsentState.WITHDRAWN
    with pytest.raises(PurposeUnknown):
        answer(cast, hamza, now + timedelta(hours=3))


@pytest.mark.parametrize("state", ["unknown", "expired", "outdated", "invalidated", "revoked"])
def test_what_follows_from_time_or_a_notice_is_no_answer(cast, indus, now, state):
    with pytest.raises(ValueError, match="is not an answer"):
        answer(cast, cast.subject("hamza"), now, ("newsletter", ConsentState(state)))


@pytest.mark.parametrize("before", [None, REFUSED, DEFERRED, ConsentState.REQUESTED])
def test_what_was_not_given_is_not_withdrawn(cast, indus, now, before):
    hamza = cast.subject("hamza")
    if before:
        answer(cast, hamza, now, ("newsletter", before))
    with pytest.raises(NothingToWithdraw):
        withdraw_consent(hamza, purpose="newsletter", actor=cast.actor("farah"), at=now)


def test_an_unknown_or_inactive_purpose_is_refused(cast, indus, now):
    with pytest.raises(PurposeUnknown, match="nothing"):
        answer(cast, cast.subject("hamza"), now, ("nothing", REFUSED))
    with pytest.raises(PurposeUnknown, match="nothing"):
        withdraw_consent(cast.subject("hamza"), purpose="nothing", actor=cast.actor("farah"), at=now)
    deactivate_purpose("newsletter", client_id=indus.id, at=now)
    with pytest.raises(PurposeUnknown):
        answer(cast, cast.subject("hamza"), now)


@pytest.mark.parametrize("purpose", ["support", "legal_compliance", "platform_improvement"])
@pytest.mark.parametrize("state", [GIVEN, REFUSED])
def test_what_does_not_rest_on_consent_is_not_consented_to(cast, indus, now, purpose, state):
    with pytest.raises(ConsentNotBased):
        answer(cast, cast.subject("hamza"), now, (purpose, state))


@pytest.mark.parametrize(
    "wrong", ["none", "of another purpose", "not yet effective", "superseded", "of another client"]
)
def test_consent_is_given_under_the_effective_notice_only(cast, indus, now, wrong):
    right = NoticeVersion.objects.get(pk=notice(indus.id))
    if wrong == "none":
        version = None
    elif wrong == "of another purpose":
        version = get_current_notice("product_research", client_id=indus.id, at=now).pk
    elif wrong == "not yet effective":
        version = publish(right.notice, now, actor=cast.actor("farah"), effective_at=now + timedelta(days=1)).pk
    elif wrong == "superseded":
        publish(right.notice, now, actor=cast.actor("farah"))
        version = right.pk
    else:
        with enter(SUPERUSER) as door:
            joined = "consent_noticeversion v JOIN consent_notice n ON n.id = v.notice_id"
            where = "v.client_id = %s AND n.code = 'about_newsletter'"
            [(version,)] = rows(door, f"SELECT v.id FROM {joined} WHERE {where}", [cast.client_id("khyber")])
    with pytest.raises(NoticeNotInEffect):
        answer(
            cast, cast.subject("hamza"), now, shown=None, method=Method.PAPER, notice_version=version, evidence="Box 3"
        )
    assert state_of(cast.subject("hamza")) is None


def test_an_announced_notice_counts_from_its_day(cast, indus, now):
    right = NoticeVersion.objects.get(pk=notice(indus.id))
    later = publish(right.notice, now, actor=cast.actor("farah"), effective_at=now + timedelta(days=1))
    before, after = (shown_version(one, indus.id, now) for one in (right, later))
    answer(cast, cast.subject("hamza"), now + timedelta(hours=23), shown=before)
    answer(cast, cast.subject("junaid"), now + timedelta(days=1), shown=after)
    with pytest.raises(NoticeNotInEffect):
        answer(cast, cast.subject("hamza"), now + timedelta(days=1), shown=before)


def test_a_stated_time_in_the_future_is_refused(cast, indus, now):
    with pytest.raises(ClaimInFuture):
        answer(cast, cast.subject("hamza"), now, claimed_at=now + timedelta(microseconds=1))
    [event] = answer(cast, cast.subject("hamza"), now, claimed_at=now)
    assert event.recorded_at == now


@pytest.mark.parametrize(
    ("child", "guardian"), [("danish", None), ("danish", "junaid"), ("hamza", "esra"), ("danish", "danish")]
)
def test_a_guardian_is_one_the_school_named(cast, indus, now, child, guardian):
    named = guardian and cast.subject(guardian)
    with pytest.raises((GuardianUnknown, OfFullAge)):
        answer(cast, cast.subject(child), now, given_by=GivenBy.GUARDIAN, guardian=named)


@pytest.mark.parametrize("given_by", [GivenBy.SELF, GivenBy.STAFF])
def test_no_guardian_is_named_for_an_answer_of_someone_else(cast, indus, now, given_by):
    with pytest.raises(GuardianUnknown):
        answer(cast, cast.subject("danish"), now, given_by=given_by, guardian=cast.subject("esra"))


def test_a_consent_expires_after_its_months(cast, indus, now):
    purpose = Purpose.objects.get(code="newsletter", client_id=indus.id)
    purpose.consent_months = 18
    change_register(purpose, actor=cast.actor("farah"), reason=Reason.REVIEW, at=now)
    [event] = answer(cast, cast.subject("hamza"), datetime(2027, 8, 31, 9, tzinfo=UTC))
    assert event.expires_at == datetime(2029, 2, 28, 9, tzinfo=UTC)
    [refused] = answer(cast, cast.subject("hamza"), datetime(2027, 9, 1, 9, tzinfo=UTC), ("newsletter", REFUSED))
    assert refused.expires_at is None
    purpose.consent_months = 0
    with pytest.raises(ValidationError, match="A consent lasts a month at least"):
        purpose.full_clean()


def test_a_consent_without_months_does_not_expire(cast, indus, now):
    [event] = answer(cast, cast.subject("hamza"), now)
    assert event.expires_at is None
    [state] = consent_states(cast.subject("hamza"), actor=cast.actor("farah"), at=now + timedelta(days=3650))
    assert state["state"] == "given"


def test_the_very_next_answer_goes_by_a_changed_purpose_and_a_new_text(committed, now):
    client_id = committed.client_id("indus")
    with in_client(client_id):
        hamza, old = committed.subject("hamza"), shown(client_id, now)
    for months, lasts in ((None, False), (18, True)):
        with in_client(client_id):
            purpose = Purpose.objects.get(code="newsletter", client_id=client_id)
            purpose.consent_months = months
            change_register(purpose, actor=committed.actor("farah"), reason=Reason.REVIEW, at=now)
        with in_client(client_id):
            [event] = answer(committed, hamza, now)
        assert (event.expires_at is not None) is lasts
    with in_client(client_id):
        right = NoticeVersion.objects.get(pk=notice(client_id))
        new = publish(right.notice, now, actor=committed.actor("farah"))
    with in_client(client_id), pytest.raises(NoticeNotInEffect):
        answer(committed, hamza, now, shown=old)
    with in_client(client_id):
        [event] = answer(committed, hamza, now, shown=shown_version(new, client_id, now))
    assert (event.notice_version_id, event.shown_hash) == (new.pk, new.content_hash)


def test_a_key_needs_the_scope(cast, indus, now):
    reader = key_actor(cast.key_id("indus"), indus.id, ["consents:read"])
    with pytest.raises(NotAllowed):
        answer(cast, cast.subject("hamza"), now, actor=reader)
    [event] = answer(cast, cast.subject("hamza"), now, actor=cast.key_actor("indus"))
    assert event.actor_kind == "api_key"


def test_an_officer_answers_inside_the_clients_context_only(cast, now):
    amina = cast.actor("amina")
    with as_officer():
        hamza = cast.subject("hamza")
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            answer(cast, hamza, now, actor=amina)
        with in_client(cast.client_id("indus")):
            [event] = answer(cast, hamza, now, actor=amina)
        assert ConsentEvent.objects.filter(pk=event.pk).exists()


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("claimed_at", "recorded_at + interval '1 second'", "claimed_not_future"),
        ("notice_version_id", "NULL", "consentevent_given_under_a_notice|same_client_owner"),
        ("given_by", "'guardian'", "guardian_is_named"),
        ("guardian_id", "subject_id", "guardian_is_named"),
        ("purpose_owner", "gen_random_uuid()", "owner"),
        ("notice_version_owner", "NULL", "owner"),
        ("client_id", "NULL", "null value|row-level security"),
    ],
)
def test_the_database_refuses_the_broken_event(cast, indus, now, column, value, constraint):
    answer(cast, cast.subject("hamza"), now)
    with pytest.raises((IntegrityError, ProgrammingError), match=constraint):
        insert_copy("consent_consentevent", {column: value})


def test_one_state_for_each_person_and_purpose(cast, indus, now):
    answer(cast, cast.subject("hamza"), now)
    with pytest.raises(IntegrityError), transaction.atomic():
        row = Consent.objects.get()
        row.pk = row.event_id.__class__(int=1)
        row.save(force_insert=True)


def test_a_request_that_waited_is_recorded_after_those_before_it(cast, indus, now):
    hamza = cast.subject("hamza")
    answer(cast, hamza, now)
    withdraw_consent(hamza, purpose="newsletter", actor=cast.actor("farah"), at=now + timedelta(seconds=2))
    [waited] = answer(cast, hamza, now + timedelta(seconds=1), ("newsletter", REFUSED))
    last = ConsentEvent.objects.order_by("-recorded_at", "-id")[0]
    current = Consent.objects.get(subject=hamza)
    assert waited.pk == last.pk == current.event_id
    assert waited.recorded_at == current.recorded_at == now + timedelta(seconds=2, microseconds=1)


def test_parallel_answers_lose_nothing_and_agree_in_the_end(committed):
    start = threading.Barrier(20, timeout=30)
    recorded, faults = [], []

    def run(number):
        try:
            start.wait()
            with in_client(committed.client_id("indus")):
                at, hamza = datetime.now(UTC), committed.subject("hamza")
                if number % 2:
                    with suppress(TokenExpired):  # another thread withdrew since it was shown
                        recorded.append(answer(committed, hamza, at)[0].pk)
                else:
                    recorded.append(answer(committed, hamza, at, ("newsletter", REFUSED))[0].pk)
            with in_client(committed.client_id("indus")):
                at, hamza = datetime.now(UTC), committed.subject("hamza")
                try:
                    event = withdraw_consent(hamza, purpose="newsletter", actor=committed.actor("farah"), at=at)
                    recorded.append(event.pk)
                except NothingToWithdraw:
                    pass
        except Exception as error:  # noqa: BLE001 -- errors in threads fail the test
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with in_client(committed.client_id("indus")):
        events = list(ConsentEvent.objects.order_by("recorded_at", "id"))
        current = Consent.objects.get(subject_id=committed.subject_id("hamza"))
        assert {event.pk for event in events} == set(recorded)
        assert len(events) >= 10
        assert len({event.recorded_at for event in events}) == len(events)
        assert (current.event_id, current.state) == (events[-1].pk, events[-1].state)
        withdrawn_at: Any = None
        for before, after in zip(events, events[1:], strict=False):
            assert after.state != "withdrawn" or before.state == "given", "only what was given is withdrawn"
            assert after.state != "given" or withdrawn_at is None or after.shown_at > withdrawn_at, "a give undid it"
            withdrawn_at = after.recorded_at if after.state == "withdrawn" else withdrawn_at
        evidence = [
            json.loads(body)["facts"]["event"]
            for body in Entry.objects.filter(kind__startswith="consent.").values_list("body", flat=True)
        ]
        assert sorted(evidence) == sorted(str(event.pk) for event in events)


def test_a_shared_purpose_of_paktaleem_may_rest_on_consent_too(cast, now):
    with in_client(PAKTALEEM):
        make_consent_purpose(Client.objects.get(id=PAKTALEEM), "survey", ["contact_details"], now)
    with in_client(cast.client_id("indus")):
        hamza = cast.subject("hamza")
        [event] = answer(cast, hamza, now, ("survey", GIVEN), shown=shown(hamza.client_id, now, "survey"))
        assert (event.purpose_owner, event.notice_version_owner) == (PAKTALEEM, PAKTALEEM)
        assert event.client_id == hamza.client_id


def test_the_clients_own_basis_goes_before_the_shared_one(cast, indus, now):
    shared = Purpose.objects.get(code="support", client_id=PAKTALEEM)
    own = LawfulBasis(client_id=indus.id, purpose=shared, role="student", basis="consent", starts_at=now)
    change_register(own, actor=cast.actor("farah"), reason=Reason.REVIEW, at=now)
    assert answer(cast, cast.subject("hamza"), now, ("support", REFUSED))
    with pytest.raises(ConsentNotBased):
        answer(cast, cast.subject("junaid"), now, ("support", REFUSED))
