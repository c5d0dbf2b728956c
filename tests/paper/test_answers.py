"""Typed answers: they count only once confirmed, and never undo a later answer."""

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from children.guardians.authority import CardNumberFound
from consent.consents.models import Consent, ConsentEvent, ConsentEvidence, ConsentState
from consent.consents.services.consent_basis import open_evidence
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from consent.notices.models import Notice
from consent.notices.services.publishing import publish_notice_version
from consent.paper.models import FormPage, PaperAnswer
from consent.paper.services.answers import AnswersRefused, confirm_answer, confirm_waiting, dismiss_answer
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureInProgress, erase_subject, start_erasure
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from tests.consent.making import shown
from tests.paper.typing_in import enter, form_for, page_of, said

MADE = datetime(2026, 9, 20, 9, tzinfo=UTC)
SIGNED = datetime(2026, 9, 29, 19, tzinfo=UTC)
"""The start of 30 September in Karachi."""
ENDED = SIGNED + timedelta(days=1)
LATER = ENDED + timedelta(hours=1)
CORRECTION: dict[str, Any] = {"reason": Reason.CORRECTION}


@pytest.fixture
def farah(cast):
    return cast.actor("farah")


@pytest.fixture
def run(cast, indus):
    people = [cast.subject(name) for name in ("danish", "hamza", "iqra", "junaid")]
    return form_for(cast, people, MADE)


@pytest.fixture
def page(cast, run):
    return lambda name: page_of(run, cast.subject(name))


def answer(cast, name, state, at, purpose="newsletter"):
    subject = cast.subject(name)
    token = shown(subject.client_id, at - timedelta(minutes=1), purpose)
    record_answers(
        subject, answers=[Answer(purpose, ConsentState(state))], shown=token, actor=cast.key_actor("indus"), at=at
    )


def states() -> list[str]:
    return list(PaperAnswer.objects.order_by("page__position").values_list("state", flat=True))


def test_a_typed_answer_alone_changes_nothing(cast, now, run, page, farah):
    [entered] = enter(cast, now, said(page("hamza"), "yes", "no"))
    assert entered.state == "waiting"
    assert not ConsentEvent.objects.exists()
    facts = json.loads(Entry.objects.get(kind="answer.entered").body)["facts"]
    assert facts == {"form": str(run.pk), "answers": [str(entered.pk)]}


def test_confirming_records_each_purpose_with_evidence(cast, now, page, farah):
    later = now + timedelta(hours=1)
    [entered] = enter(cast, now, said(page("hamza"), "yes", "no"), method="phone", note="Call at nine")
    assert b"Call" not in entered.note.ciphertext
    assert confirm_answer(entered, actor=farah, at=later) == {}
    events = {event.purpose.code: event for event in ConsentEvent.objects.all()}
    states = {code: event.state for code, event in events.items()}
    assert states == {"newsletter": "given", "product_research": "refused"}
    given = events["newsletter"]
    assert (given.method, given.given_by, given.claimed_at, given.recorded_at) == ("phone", "self", SIGNED, later)
    assert given.actor_id == farah.id
    words = open_evidence(ConsentEvidence.objects.get(event=given), actor=farah, **CORRECTION, at=later)
    assert words == f"Form “Grade 7 B”, page {page('hamza').reference}: Call at nine"
    confirmed = PaperAnswer.objects.get()
    assert (confirmed.state, confirmed.note) == ("confirmed", None)
    assert sorted(confirmed.recorded) == sorted(event.pk for event in events.values())
    facts = json.loads(Entry.objects.get(kind="answer.confirmed").body)["facts"]
    assert sorted(facts["events"]) == sorted(str(event.pk) for event in events.values())


def test_a_scan_becomes_evidence_of_every_answer_and_confirming_twice_records_once(cast, now, page, farah):
    [entered] = enter(cast, now, said(page("hamza"), "yes", "yes"))
    for _ in range(2):
        confirm_answer(entered, scan=io.BytesIO(b"%PDF-1.7 signed"), actor=farah, at=now)
    assert ConsentEvidence.objects.filter(file__isnull=False).count() == 2
    assert (ConsentEvent.objects.count(), Entry.objects.filter(kind="answer.confirmed").count()) == (2, 1)


def test_confirming_all_holds_what_cannot_be_recorded(cast, now, run, page, farah):
    enter(cast, now, said(page("hamza")), said(page("danish")), said(page("junaid"), "no"))
    outcome = confirm_waiting(run, actor=farah, at=now)
    assert (outcome.number, outcome.left) == (2, 0)
    [(held, error)] = outcome.held
    assert (held.subject_id, type(error)) == (cast.subject_id("danish"), AnswersRefused)
    assert states() == ["held", "confirmed", "confirmed"]


def test_many_answers_are_confirmed_in_parts(cast, now, settings, *, run, page, farah):
    settings.ANSWERS_AT_ONCE = 1
    enter(cast, now, said(page("hamza")), said(page("danish")), said(page("junaid"), "no"))
    outcomes = [confirm_waiting(run, actor=farah, at=now) for _ in range(3)]
    assert [one.left for one in outcomes] == [2, 1, 0]
    assert sum(one.number for one in outcomes) == 2


@pytest.mark.parametrize("day", [date(2026, 9, 19), date(2026, 10, 2)])
def test_an_answer_before_the_form_or_in_the_future_is_refused(cast, now, page, day):
    with pytest.raises(ValidationError) as told:
        enter(cast, now, said(page("hamza")), replace(said(page("iqra")), answered_on=day))
    assert list(told.value.message_dict) == [f"{page('iqra').position}-answered_on"]
    assert not PaperAnswer.objects.exists()


def test_a_form_may_be_signed_on_the_day_it_was_made(cast, now, page, farah):
    [entered] = enter(cast, now, said(page("hamza"), day=date(2026, 9, 20)))
    confirm_answer(entered, actor=farah, at=now)
    assert ConsentEvent.objects.get().claimed_at == MADE


def test_a_person_has_one_open_answer(cast, now, page, farah):
    [first] = enter(cast, now, said(page("hamza"), "yes"))
    with pytest.raises(ValidationError, match="waits already"):
        enter(cast, now, said(page("hamza"), "no"))
    with pytest.raises(IntegrityError), transaction.atomic():
        PaperAnswer(
            client_id=first.client_id, page=first.page, subject=first.subject, answered_on=date.min, entered_at=now
        ).save()
    dismiss_answer(first, actor=farah, **CORRECTION, at=now)
    enter(cast, now, said(page("hamza"), "no"))


def test_the_number_of_an_identity_card_is_refused(cast, now, page):
    with pytest.raises(CardNumberFound):
        enter(cast, now, said(page("hamza")), note="CNIC 42101-1234567-1")


@pytest.mark.parametrize(
    ("state", "at", "word", "is_recorded"),
    [
        ("refused", LATER, "yes", False),
        ("given", LATER, "no", False),
        ("refused", SIGNED + timedelta(hours=2), "yes", False),
        ("given", SIGNED + timedelta(hours=2), "no", True),
        ("given", SIGNED - timedelta(days=2), "no", True),
    ],
    ids=str,
)
def test_a_later_answer_stays_and_on_the_day_a_refusal_takes_precedence(
    cast, now, *, page, farah, state, at, word, is_recorded
):
    answer(cast, "hamza", state, at)
    [entered] = enter(cast, now, said(page("hamza"), word))
    if is_recorded:
        confirm_answer(entered, actor=farah, at=now)
    else:
        with pytest.raises(AnswersRefused, match="newsletter"):
            confirm_answer(entered, actor=farah, at=now)
    assert Consent.objects.get().state == ("refused" if is_recorded else state)


def test_the_same_later_answer_is_not_recorded_again(cast, now, page, farah):
    answer(cast, "hamza", "given", LATER)
    [entered] = enter(cast, now, said(page("hamza"), "yes", "yes"))
    assert list(confirm_answer(entered, actor=farah, at=now)) == ["newsletter"]
    assert ConsentEvent.objects.count() == 2


@pytest.mark.parametrize("ended", [SIGNED + timedelta(hours=1), LATER])
def test_a_withdrawal_after_the_paper_is_not_undone(cast, now, page, farah, ended):
    answer(cast, "hamza", "given", SIGNED - timedelta(days=2))
    [entered] = enter(cast, now, said(page("hamza"), "yes"))
    withdraw_consent(cast.subject("hamza"), purpose="newsletter", actor=farah, at=ended)
    with pytest.raises(AnswersRefused):
        confirm_answer(entered, actor=farah, at=now)
    assert Consent.objects.get().state == "withdrawn"
    assert states() == ["waiting"]


def change_notice(cast, at):
    notice = Notice.objects.get(code="about_newsletter", client_id=cast.client_id("indus"))
    publish_notice_version(
        notice,
        text_en="New words.",
        text_ur="نئے الفاظ",
        is_material=False,
        effective_at=at,
        actor=cast.actor("farah"),
        reason=Reason.REVIEW,
        at=at,
    )


def test_under_a_changed_notice_only_refusals_are_recorded(cast, now, *, run, page, farah):
    change_notice(cast, now - timedelta(hours=1))
    hamza, _ = enter(cast, now, said(page("hamza"), "yes", "yes"), said(page("junaid"), "no"))
    assert confirm_waiting(run, actor=farah, at=now).number == 1
    assert list(confirm_answer(hamza, actor=farah, at=now)) == ["newsletter"]
    found = {(one.subject_id, one.purpose.code): one.state for one in Consent.objects.all()}
    assert found == {
        (cast.subject_id("junaid"), "newsletter"): "refused",
        (cast.subject_id("hamza"), "product_research"): "given",
    }
    facts = json.loads(Entry.objects.filter(kind="answer.confirmed").latest("id").body)["facts"]
    assert facts["left_out"] == ["newsletter"]


def test_a_child_may_refuse_and_not_consent(cast, now, page, farah):
    [entered] = enter(cast, now, said(page("danish"), "yes", "no"))
    assert list(confirm_answer(entered, actor=farah, at=now)) == ["newsletter"]
    assert ConsentEvent.objects.get().state == "refused"


@pytest.mark.parametrize(("erase", "error"), [(erase_subject, AlreadyErased), (start_erasure, ErasureInProgress)])
def test_nothing_is_recorded_about_an_erased_person(cast, now, *, page, farah, erase, error):
    [entered] = enter(cast, now, said(page("hamza")))
    erase(cast.subject("hamza"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    with pytest.raises(error):
        confirm_answer(entered, actor=farah, at=now)
    with pytest.raises(ValidationError, match="erased"):
        enter(cast, now, said(page("hamza")))
    dismiss_answer(entered, actor=farah, **CORRECTION, at=now)
    assert states() == ["dismissed"]
    assert not ConsentEvent.objects.exists()


def test_a_settled_answer_cannot_be_settled_again(cast, now, page, farah):
    confirmed, dismissed = enter(cast, now, said(page("hamza")), said(page("junaid")))
    confirm_answer(confirmed, actor=farah, at=now)
    dismiss_answer(dismissed, actor=farah, **CORRECTION, at=now)
    for settled in (confirmed, dismissed):
        with pytest.raises(Refused, match="already been settled"):
            dismiss_answer(settled, actor=farah, **CORRECTION, at=now)
    with pytest.raises(Refused, match="already been settled"):
        confirm_answer(dismissed, actor=farah, at=now)
    assert ConsentEvent.objects.count() == 1


@pytest.mark.parametrize("who", ["bilal", "sana", "celia"])
def test_other_roles_may_not_enter_or_settle(cast, now, run, page, who):
    [entered] = enter(cast, now, said(page("hamza")))
    actor = cast.actor(who)
    acts = [
        lambda: enter(cast, now, said(page("junaid")), actor=actor),
        lambda: confirm_answer(entered, actor=actor, at=now),
        lambda: confirm_waiting(run, actor=actor, at=now),
        lambda: dismiss_answer(entered, actor=actor, **CORRECTION, at=now),
    ]
    for act in acts:
        with pytest.raises(NotAllowed):
            act()
    assert not ConsentEvent.objects.exists()


def test_the_database_refuses_an_unconfirmed_answer_with_events_and_changed_pages(cast, now, run, page):
    [entered] = enter(cast, now, said(page("hamza")))
    entered.recorded = ["00000000-0000-7000-8000-000000000001"]
    with pytest.raises(IntegrityError), transaction.atomic():
        entered.save()
    with pytest.raises(Exception, match=r"append-only|permission denied"), transaction.atomic():
        FormPage._default_manager.update(client_id=run.client_id)


def test_entering_runs_the_same_number_of_queries_for_any_number_of_answers(cast, now, page):
    alone, class_of_three = [said(page("hamza"))], [said(page(name)) for name in ("danish", "iqra", "junaid")]
    counts = []
    for typed in (alone, class_of_three):
        with CaptureQueriesContext(connection) as found:
            enter(cast, now, *typed)
        counts.append(len(found))
    assert counts[0] == counts[1]
