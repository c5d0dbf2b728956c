"""The matching queue: answers count only once confirmed, and never undo a withdrawal."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from consent.consents.models import Consent, ConsentEvent, ConsentEvidence, ConsentState
from consent.consents.services.evidence import open_evidence
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from consent.notices.models import Notice
from consent.notices.services.publishing import publish_notice_version
from consent.paper.models import AnswerSheet, EntryStep, FormPage, SheetEntry
from consent.paper.selectors import find_similar_codes
from consent.paper.services.forms import AlreadySettled, CodeUnknown, NothingToRecord, NotMatched
from consent.paper.services.queue import choose_entry, confirm_entry, dismiss_entry, match_entry
from consent.paper.services.sheets import SheetAlreadyUploaded, confirm_matched, get_typed_code
from paktaleem.directory.people.services.erasure import erase_subject, start_erasure
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.paper.sheets import bring, code_of, entries_of, form_for, line, stands
from tests.showing import shown

MADE = datetime(2026, 9, 20, 9, tzinfo=UTC)
SIGNED = datetime(2026, 9, 29, 19, tzinfo=UTC)
"""The start of 30 September in Karachi."""


@pytest.fixture
def farah(cast):
    return cast.actor("farah")


@pytest.fixture
def run(cast, indus):
    people = [cast.subject(name) for name in ("danish", "hamza", "iqra", "junaid")]
    return form_for(cast, people, MADE)


@pytest.fixture
def code(cast, run):
    return lambda name: code_of(run, cast.subject(name))


def answer(cast, name, state, at, purpose="newsletter"):
    subject = cast.subject(name)
    token = shown(subject.client_id, at - timedelta(minutes=1), purpose)
    record_answers(
        subject, answers=[Answer(purpose, ConsentState(state))], shown=token, actor=cast.key_actor("indus"), at=at
    )


def test_an_uploaded_sheet_alone_changes_nothing(cast, now, code):
    sheet = bring(cast, now, line(code("hamza"), "yes", "no"))
    assert stands(sheet) == [("matched", "")]
    assert not ConsentEvent.objects.exists()
    facts = json.loads(Entry.objects.get(kind="answers.uploaded").body)["facts"]
    assert facts["rows"] == {"matched": 1}


def test_confirming_records_each_purpose_with_method_day_and_evidence(cast, now, code, farah, run):
    [entry] = entries_of(bring(cast, now, line(code("hamza"), "yes", "no", method="phone", note="Call at nine")))
    later = now + timedelta(hours=1)
    confirmed = confirm_entry(entry, actor=farah, at=later)
    events = {event.purpose.code: event for event in ConsentEvent.objects.all()}
    assert {code: event.state for code, event in events.items()} == {
        "newsletter": "given",
        "product_research": "refused",
    }
    assert sorted(confirmed.recorded) == sorted(event.pk for event in events.values())
    given = events["newsletter"]
    assert (given.method, given.given_by, given.claimed_at, given.recorded_at) == ("phone", "self", SIGNED, later)
    assert given.actor_id == farah.id
    evidence = ConsentEvidence.objects.get(event=given)
    words = open_evidence(evidence, actor=farah, reason=Reason.REVIEW, at=later).text
    assert "Grade 7 B" in words
    assert code("hamza") in words
    assert "row 2" in words
    assert "Call at nine" in words
    assert confirmed.details is None


def test_history_and_ledger_show_who_confirmed(cast, now, code, farah):
    [entry] = entries_of(bring(cast, now, line(code("hamza"))))
    confirm_entry(entry, actor=farah, at=now)
    step = EntryStep.objects.get(entry=entry)
    assert (step.step, step.state, step.actor_id, step.taken_at) == ("confirmed", "confirmed", farah.id, now)
    facts = json.loads(Entry.objects.get(kind="answer.confirmed").body)["facts"]
    assert facts["events"] == [str(ConsentEvent.objects.get().pk)]


def test_confirming_twice_records_once(cast, now, code, farah):
    [entry] = entries_of(bring(cast, now, line(code("hamza"))))
    confirm_entry(entry, actor=farah, at=now)
    again = confirm_entry(entry, actor=farah, at=now + timedelta(hours=1))
    assert again.state == "confirmed"
    assert ConsentEvent.objects.count() == EntryStep.objects.count() == 1


def test_a_scan_becomes_evidence_of_every_answer(cast, now, code, farah):
    [entry] = entries_of(bring(cast, now, line(code("hamza"), "yes", "yes")))
    confirm_entry(entry, scan=io.BytesIO(b"%PDF-1.7 signed"), actor=farah, at=now)
    assert ConsentEvidence.objects.filter(file__isnull=False).count() == 2


def test_confirming_all_confirms_only_matched_rows(cast, now, code, farah):
    sheet = bring(cast, now, line(code("hamza")), line(code("junaid"), "no"), line("0000-0000"))
    confirm_matched(sheet, actor=farah, at=now)
    assert [state for state, _ in stands(sheet)] == ["confirmed", "confirmed", "unmatched"]
    assert ConsentEvent.objects.count() == 2


def test_the_same_sheet_cannot_be_uploaded_twice(cast, now, code):
    bring(cast, now, line(code("hamza")))
    with pytest.raises(SheetAlreadyUploaded):
        bring(cast, now, line(code("hamza")))
    assert SheetEntry.objects.count() == 1


def test_identical_rows_are_recorded_once(cast, now, code, farah):
    sheet = bring(cast, now, line(code("hamza")), line(code("hamza")))
    confirm_matched(sheet, actor=farah, at=now)
    assert [state for state, _ in stands(sheet)] == ["confirmed", "confirmed"]
    assert ConsentEvent.objects.count() == 1


def mistyped(code):
    return code[:-1] + ("2" if code[-1] != "2" else "3")


def test_a_mistyped_code_matches_no_one_and_similar_codes_are_listed(cast, now, code, farah, indus):
    sheet = bring(cast, now, line(mistyped(code("hamza"))), line("1111-1111"))
    assert stands(sheet)[0] == ("unmatched", "code_mistyped")
    entry = entries_of(sheet)[0]
    typed = get_typed_code(entry, actor=farah)["code"]
    assert find_similar_codes(indus.id, typed)[0].subject_id == cast.subject_id("hamza")


def test_unmatched_input_is_encrypted_and_its_key_deleted_with_the_last_row(cast, now, code, farah):
    sheet = bring(cast, now, line("HAMZALDH", note="Lodhi senior"))
    [entry] = entries_of(sheet)
    assert b"HAMZA" not in entry.details.ciphertext
    assert b"Lodhi" not in entry.details.ciphertext
    assert AnswerSheet.objects.get().wrapped is not None
    dismiss_entry(entry, actor=farah, reason=Reason.CORRECTION, at=now)
    assert AnswerSheet.objects.get().wrapped is None
    assert get_typed_code(entries_of(sheet)[0], actor=farah) == {}


def test_a_row_matched_by_hand_waits_for_confirmation(cast, now, code, farah):
    [entry] = entries_of(bring(cast, now, line(mistyped(code("hamza")), note="Box 9")))
    matched = match_entry(entry, code=code("hamza").lower(), actor=farah, reason=Reason.CORRECTION, at=now)
    assert (matched.state, matched.subject_id) == ("matched", cast.subject_id("hamza"))
    assert not ConsentEvent.objects.exists()
    assert AnswerSheet.objects.get().wrapped is None
    confirm_entry(matched, actor=farah, at=now)
    evidence = ConsentEvidence.objects.get()
    assert "Box 9" in open_evidence(evidence, actor=farah, reason=Reason.REVIEW, at=now).text
    steps = EntryStep.objects.order_by("id").values_list("step", "reason")
    assert list(steps) == [("resolved", "correction"), ("confirmed", "")]


@pytest.mark.parametrize("typed", ["", "0000-0000", "nonsense", "x" * 500])
def test_a_row_cannot_be_matched_to_an_unknown_code(cast, now, code, farah, typed):
    [entry] = entries_of(bring(cast, now, line("1111-1111")))
    with pytest.raises(CodeUnknown):
        match_entry(entry, code=typed, actor=farah, reason=Reason.CORRECTION, at=now)


def test_different_rows_wait_until_one_is_chosen(cast, now, code, farah):
    sheet = bring(cast, now, line(code("hamza"), "yes"), line(code("hamza"), "no"), line(code("junaid")))
    assert stands(sheet) == [("contradictory", "rows_differ")] * 2 + [("matched", "")]
    confirm_matched(sheet, actor=farah, at=now)
    first, second, _ = entries_of(sheet)
    with pytest.raises(NotMatched):
        confirm_entry(first, actor=farah, at=now)
    choose_entry(second, actor=farah, reason=Reason.CORRECTION, at=now)
    assert [state for state, _ in stands(sheet)] == ["dismissed", "confirmed", "confirmed"]
    assert Consent.objects.get(subject_id=cast.subject_id("hamza")).state == "refused"


def test_rows_of_two_sheets_can_contradict_each_other(cast, now, code, farah):
    first = bring(cast, now, line(code("hamza"), "yes"))
    second = bring(cast, now, line(code("hamza"), "no"))
    assert stands(first) == stands(second) == [("contradictory", "rows_differ")]
    dismiss_entry(entries_of(first)[0], actor=farah, reason=Reason.CORRECTION, at=now)
    assert stands(second) == [("matched", "")]


def test_a_refusal_that_contradicts_a_later_consent_waits(cast, now, code, farah):
    answer(cast, "hamza", "given", now - timedelta(hours=1))
    sheet = bring(cast, now, line(code("hamza"), "no"))
    assert stands(sheet) == [("contradictory", "later_answer")]
    choose_entry(entries_of(sheet)[0], actor=farah, reason=Reason.SUBJECT_REQUEST, at=now)
    assert Consent.objects.get().state == "refused"


def test_a_refusal_after_the_paper_is_not_undone(cast, now, code, farah):
    answer(cast, "hamza", "refused", now - timedelta(hours=1))
    sheet = bring(cast, now, line(code("hamza"), "yes"))
    assert stands(sheet) == [("contradictory", "ended_since")]
    with pytest.raises(NothingToRecord):
        choose_entry(entries_of(sheet)[0], actor=farah, reason=Reason.SUBJECT_REQUEST, at=now)
    assert Consent.objects.get().state == "refused"


def test_an_answer_before_the_paper_does_not_contradict_it(cast, now, code, farah):
    answer(cast, "hamza", "given", SIGNED - timedelta(days=2))
    sheet = bring(cast, now, line(code("hamza"), "no"))
    confirm_matched(sheet, actor=farah, at=now)
    assert Consent.objects.get().state == "refused"


def test_a_withdrawal_after_the_paper_is_not_undone(cast, now, code, farah):
    answer(cast, "hamza", "given", SIGNED - timedelta(days=2))
    withdraw_consent(cast.subject("hamza"), purpose="newsletter", actor=farah, at=SIGNED + timedelta(hours=1))
    sheet = bring(cast, now, line(code("hamza"), "yes"))
    assert stands(sheet) == [("contradictory", "ended_since")]
    with pytest.raises(NothingToRecord):
        choose_entry(entries_of(sheet)[0], actor=farah, reason=Reason.CORRECTION, at=now)
    assert Consent.objects.get().state == "withdrawn"


def test_a_withdrawal_between_upload_and_confirmation_is_not_undone(cast, now, code, farah):
    answer(cast, "hamza", "given", SIGNED - timedelta(days=2))
    [entry] = entries_of(bring(cast, now, line(code("hamza"), "yes")))
    assert entry.state == "matched"
    withdraw_consent(cast.subject("hamza"), purpose="newsletter", actor=farah, at=now + timedelta(minutes=1))
    moved = confirm_entry(entry, actor=farah, at=now + timedelta(minutes=2))
    assert (moved.state, moved.problem) == ("contradictory", "ended_since")
    assert Consent.objects.get().state == "withdrawn"
    assert EntryStep.objects.get().step == "moved"


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


def test_under_a_changed_notice_only_refusals_are_recorded(cast, now, code, farah):
    change_notice(cast, now - timedelta(hours=1))
    sheet = bring(cast, now, line(code("hamza"), "yes", "yes"), line(code("junaid"), "no"))
    assert stands(sheet) == [("outdated", "notice_changed"), ("matched", "")]
    confirm_matched(sheet, actor=farah, at=now)
    choose_entry(entries_of(sheet)[0], actor=farah, reason=Reason.CORRECTION, at=now)
    found = {(one.subject_id, one.purpose.code): one.state for one in Consent.objects.all()}
    assert found == {
        (cast.subject_id("junaid"), "newsletter"): "refused",
        (cast.subject_id("hamza"), "product_research"): "given",
    }


@pytest.mark.parametrize("by", ["self", "guardian"])
def test_consent_by_a_child_waits_for_a_guardian(cast, now, code, farah, by):
    sheet = bring(cast, now, line(code("danish"), "yes", answered_by=by))
    assert stands(sheet) == [("guardian", "child_gave" if by == "self" else "guardian_answered")]
    with pytest.raises(NothingToRecord):
        choose_entry(entries_of(sheet)[0], actor=farah, reason=Reason.CORRECTION, at=now)
    assert not ConsentEvent.objects.exists()


def test_a_child_may_refuse(cast, now, code, farah):
    sheet = bring(cast, now, line(code("danish"), "no"))
    confirm_matched(sheet, actor=farah, at=now)
    assert ConsentEvent.objects.get().state == "refused"


def test_a_day_before_the_form_was_made_needs_a_decision(cast, now, code):
    assert stands(bring(cast, now, line(code("hamza"), answered_on="2026-09-19"))) == [("contradictory", "before_form")]


def test_a_form_may_be_signed_on_the_day_it_was_made(cast, now, code, farah):
    sheet = bring(cast, now, line(code("hamza"), answered_on="2026-09-20"))
    confirm_matched(sheet, actor=farah, at=now)
    assert ConsentEvent.objects.get().claimed_at == MADE


@pytest.mark.parametrize("erase", [erase_subject, start_erasure])
def test_nothing_is_recorded_about_an_erased_person(cast, now, code, farah, erase):
    [entry] = entries_of(bring(cast, now, line(code("hamza"))))
    erase(cast.subject("hamza"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    moved = confirm_entry(entry, actor=farah, at=now)
    assert (moved.state, moved.problem) == ("unmatched", "erased")
    with pytest.raises(NothingToRecord):
        choose_entry(moved, actor=farah, reason=Reason.CORRECTION, at=now)
    assert dismiss_entry(moved, actor=farah, reason=Reason.CORRECTION, at=now).state == "dismissed"
    assert not ConsentEvent.objects.exists()


def test_a_decided_row_cannot_be_decided_again(cast, now, code, farah):
    confirmed, dismissed = entries_of(bring(cast, now, line(code("hamza")), line(code("junaid"))))
    confirm_entry(confirmed, actor=farah, at=now)
    dismiss_entry(dismissed, actor=farah, reason=Reason.CORRECTION, at=now)
    by = {"actor": farah, "reason": Reason.CORRECTION, "at": now}
    for act in (lambda: dismiss_entry(confirmed, **by), lambda: choose_entry(dismissed, **by)):
        with pytest.raises(AlreadySettled):
            act()
    with pytest.raises(AlreadySettled):
        confirm_entry(dismissed, actor=farah, at=now)
    with pytest.raises(AlreadySettled):
        match_entry(confirmed, code=code("iqra"), **by)
    assert choose_entry(confirmed, **by).state == "confirmed"
    assert ConsentEvent.objects.count() == 1


@pytest.mark.parametrize("who", ["bilal", "sana", "celia"])
def test_other_roles_may_not_upload_or_decide(cast, now, code, who):
    [entry] = entries_of(bring(cast, now, line(code("hamza"))))
    actor, why = cast.actor(who), {"reason": Reason.CORRECTION, "at": now}
    acts = [
        lambda: bring(cast, now, line(code("junaid")), actor=actor),
        lambda: confirm_entry(entry, actor=actor, at=now),
        lambda: choose_entry(entry, actor=actor, **why),
        lambda: dismiss_entry(entry, actor=actor, **why),
        lambda: match_entry(entry, code=code("hamza"), actor=actor, **why),
        lambda: confirm_matched(entry.sheet, actor=actor, at=now),
        lambda: get_typed_code(entry, actor=actor),
    ]
    for act in acts:
        with pytest.raises(NotAllowed):
            act()
    assert not ConsentEvent.objects.exists()


def test_another_clients_code_matches_no_one(cast, now):
    with in_client(cast.client_id("khyber")):
        foreign = form_for(cast, [cast.subject("kiran")], MADE, client="khyber")
        code = code_of(foreign, cast.subject("kiran"))
    with in_client(cast.client_id("indus")):
        sheet = bring(cast, now, line(code))
        assert stands(sheet) == [("unmatched", "code_unknown")]
        assert find_similar_codes(cast.client_id("indus"), code) == []
    with in_client(cast.client_id("khyber")):
        assert not SheetEntry.objects.exists()
        assert not AnswerSheet.objects.exists()


@pytest.mark.parametrize(
    "broken",
    [
        {"state": "matched", "page": None, "subject": None},
        {"state": "contradictory", "problem": ""},
        {"recorded": ["00000000-0000-7000-8000-000000000001"]},
    ],
)
def test_the_database_refuses_an_inconsistent_row(cast, now, code, broken):
    [entry] = entries_of(bring(cast, now, line(code("hamza"))))
    for name, value in broken.items():
        setattr(entry, name, value)
    with pytest.raises(IntegrityError), transaction.atomic():
        entry.save()


def test_pages_and_steps_cannot_be_changed(cast, now, code, farah):
    [entry] = entries_of(bring(cast, now, line(code("hamza"))))
    confirm_entry(entry, actor=farah, at=now)
    for model in (FormPage, EntryStep):
        with pytest.raises(Exception, match=r"append-only|permission denied"), transaction.atomic():
            model._default_manager.update(client_id=entry.client_id)


def test_a_form_made_at_the_real_time_is_confirmed(cast, indus, farah):
    at = timezone.now()
    run = form_for(cast, [cast.subject("hamza")], at)
    day = f"{at + timedelta(hours=5):%Y-%m-%d}"
    sheet = bring(cast, at, line(code_of(run, cast.subject("hamza")), answered_on=day))
    confirm_matched(sheet, actor=farah, at=at)
    assert [state for state, _ in stands(sheet)] == ["confirmed"]
