"""The breach register: whose data, who is informed, by when, and who closes it."""

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import given, strategies as st

from consent.register.models.purposes import DataCategory
from paktaleem.directory.data_systems.models import System
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.rendering import GAP
from paktaleem.directory.people.copies.declarations import Reader
from paktaleem.directory.people.copies.sections import list_sections
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.schools.selectors import EVERYONE, Selection
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.changes import decide_proposed_change
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import as_officer, in_client
from retention.breaches.models import (
    Audience,
    Breach,
    BreachAssessment,
    BreachLetter,
    BreachNotice,
    BreachPerson,
    Likelihood,
    Outcome,
    Severity,
)
from retention.breaches.selectors import count_affected, count_notices
from retention.breaches.services import (
    MARKS,
    add_clients,
    assess_breach,
    compose_breach_letters,
    find_due_mark,
    inform_batch,
    list_missing,
    notify_authority,
    record_measures,
    remind_of_breaches,
    request_closing,
    suggest_outcome,
    write_to_client,
    write_to_people,
)
from retention.data_map.models import MapLine
from retention.data_map.services import declare_line, end_line
from tests.breaches.making import add_measures, assess, complete, make_breach, send_letters
from tests.children.guardians import verified_guardian
from tests.factories import SETTING_UP, make_system
from tests.laws import law_abroad, move_abroad

HOUR = timedelta(hours=1)
WORKER = system_actor("tests.breaches")


@pytest.fixture
def amina(cast):
    return cast.actor("amina")


@pytest.fixture
def held(report, now):
    """Danish (9) and Hamza have data in the platform from before the breach."""
    for person, category in (("danish", "usage_logs"), ("danish", "content"), ("hamza", "usage_logs")):
        report(person, category, collected_at=now - timedelta(days=9))


@pytest.fixture
def breach(indus, amina, held, now):
    return make_breach(indus, actor=amina, at=now)


def test_people_are_counted_once_over_systems_and_categories(breach, amina):
    total, *lines = count_affected(breach, actor=amina)
    assert (total.people, total.system, total.category) == (2, "", "")
    assert {line.category: line.people for line in lines} == {"usage_logs": 2, "content": 1}
    breach.categories = ["content"]
    assert count_affected(breach, actor=amina)[0].people == 1
    breach.systems = ["no_such_system"]
    assert count_affected(breach, actor=amina)[0].people == 0


def test_data_that_a_system_only_declares_is_affected_and_said_to_be_declared(indus, cast, breach, amina, now):
    about = {"roles": ["student"], "purposes": [], "countries": ["PK"], "found_by": "lms_id"}
    for category in ("contact_details", "usage_logs"):
        line = MapLine(client=indus, system=System.objects.get(code="lms"), category=category, **about)
        declare_line(line, actor=SETTING_UP, reason=Reason.REVIEW, at=now)
    total, *lines = count_affected(breach, actor=amina)
    known = {line.category: (line.is_reported, line.people) for line in lines}
    assert known == {"usage_logs": (True, 2), "content": (True, 1), "contact_details": (False, 0)}
    assert total.people == 2
    draft = compose_breach_letters(breach, Audience.AUTHORITY, actor=amina)["en"]
    assert DataCategory.objects.get(code="contact_details").name_en in draft
    line = MapLine.objects.get(category="contact_details")
    end_line(line, actor=SETTING_UP, reason=Reason.REVIEW, at=breach.happened_from - timedelta(days=1))
    assert all(line.is_reported for line in count_affected(breach, actor=amina))


def test_data_collected_after_the_breach_is_not_concerned(indus, amina, held, now):
    long_ago = {"happened_from": now - timedelta(days=30), "happened_until": now - timedelta(days=20)}
    breach = make_breach(indus, actor=amina, at=now, **long_ago)
    assert count_affected(breach, actor=amina)[0].people == 0


def test_the_authority_is_due_by_the_strictest_law_where_people_live(cast, amina, held, now, tmp_path):
    indus, by = cast.client("indus"), {"actor": amina, "at": now}
    with law_abroad(tmp_path):
        move_abroad(cast.subject("iqra"))
        breach = make_breach(indus, **by)
        assert breach.due_at == breach.known_at + 72 * HOUR, "of whom nothing was held"
        risk: dict[str, Any] = {"likelihood": "likely", "severity": "serious", "outcome": "people", "reasons": "Read."}
        assess_breach(breach, **risk, also=EVERYONE, **by)
        assert Breach.objects.get().due_at == breach.known_at + 24 * HOUR, "now she is on the list"
        move_abroad(cast.subject("hamza"))
        second = make_breach(indus, **by)
        assert second.due_at == second.known_at + 24 * HOUR


def test_the_list_is_frozen_at_the_assessment(breach, report, cast, amina, now):
    first = assess(breach, actor=amina, at=now)
    report("iqra", "usage_logs", collected_at=now - timedelta(days=9))
    people = sorted(str(cast.subject_id(name)) for name in ("danish", "hamza"))
    assert (first.people, first.list_hash) == (2, hashlib.sha256(",".join(people).encode()).hexdigest())
    assert first.suggested == "people"
    frozen = {str(row.subject_id): row.categories for row in BreachPerson.objects.filter(assessment=first)}
    assert frozen == {people[0]: frozen[people[0]], people[1]: frozen[people[1]]}
    assert frozen[str(cast.subject_id("danish"))] == ["content", "usage_logs"]
    second = assess(breach, "authority", actor=amina, at=now + HOUR)
    assert (second.people, BreachPerson.objects.filter(assessment=first).count()) == (3, 2)
    assert Breach.objects.get().outcome == "authority"
    for rows in (BreachAssessment.objects.all(), BreachPerson.objects.all()):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            rows.update(client_id=breach.client_id)


def test_an_assessment_without_reasons_is_refused(breach, amina, now):
    with pytest.raises(ValidationError, match="reasons"):
        assess_breach(breach, likelihood="unlikely", severity="minor", outcome="none", reasons=" ", actor=amina, at=now)
    assert not BreachAssessment.objects.exists()


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("known_at", {"known_at": HOUR}),
        ("happened_from", {"happened_from": -timedelta(minutes=1), "known_at": -HOUR}),
        ("happened_until", {"happened_until": -timedelta(days=3)}),
        ("happened_until", {"happened_until": HOUR}),
    ],
)
def test_impossible_times_are_refused(indus, amina, now, field, values):
    with pytest.raises(ValidationError) as refusal:
        make_breach(indus, actor=amina, at=now, **{name: now + after for name, after in values.items()})
    assert list(refusal.value.error_dict) == [field]


def test_the_client_is_informed_by_email_to_its_administrators(breach, amina, now):
    write_to_client(breach, text="We inform you.", language="en", actor=amina, at=now)
    letter = Letter.objects.get(kind="breach_letter")
    assert (letter.related_id, Breach.objects.get().client_informed_at) == (breach.pk, None), "queued is not informed"
    assert "the letter to the client" in list_missing(Breach.objects.get())
    send_letters(breach, at=now + HOUR)
    assert Breach.objects.get().client_informed_at == now + HOUR
    entry = Entry.objects.filter(kind="breach.reported").get()
    assert "We inform you" not in str(entry.body)


def test_a_client_without_an_administrator_is_informed_by_hand_and_the_register_says_whom(
    breach, amina, now, monkeypatch
):
    monkeypatch.setattr("retention.breaches.services.list_staff", lambda *_where, **_at: [])
    told: dict[str, Any] = {"text": "We inform you.", "language": "en", "actor": amina, "at": now}
    with pytest.raises(ValidationError, match="no administrator"), transaction.atomic():
        write_to_client(breach, **told)
    assert Breach.objects.get().client_informed_at is None
    letter = write_to_client(breach, handed_to="The head's office", **told)
    assert (letter.recipient, Breach.objects.get().client_informed_at) == ("The head's office", now)


def test_a_letter_with_a_gap_is_not_sent(breach, amina, now):
    told: dict[str, Any] = {"actor": amina, "at": now}
    with pytest.raises(ValidationError, match="missing"), transaction.atomic():
        write_to_client(breach, text="Measures: […]", language="en", **told)
    assess(breach, **told)
    cases: list[dict[str, Any]] = [
        {"text": "[…]", "text_ur": "متن"},
        {"text": "Text.", "text_ur": "[… A backup was readable.]"},
    ]
    for texts in cases:
        with pytest.raises(ValidationError, match="missing") as wrong, transaction.atomic():
            write_to_people(breach, **texts, **told)
        assert list(wrong.value.error_dict) == [next(name for name, text in texts.items() if "[…" in text)]


def test_drafts_have_the_times_of_the_client_and_no_english_facts_in_urdu(breach, amina):
    drafts = compose_breach_letters(breach, Audience.AUTHORITY, actor=amina)
    assert "UTC" not in drafts["en"] + drafts["ur"]
    assert "Known since 2026-10-01 13:00 (Asia/Karachi)" in drafts["en"]
    assert "A backup was readable from outside." in drafts["en"]
    assert "[… A backup was readable from outside.]" in drafts["ur"], "to be translated"


@pytest.fixture
def unheld(indus, amina, now):
    return make_breach(indus, actor=amina, at=now)


def test_an_empty_list_is_not_frozen_without_a_number(unheld, amina, now):
    risk: dict[str, Any] = {"likelihood": "likely", "severity": "serious", "outcome": "people", "reasons": "Logs."}
    with pytest.raises(ValidationError) as wrong, transaction.atomic():
        assess_breach(unheld, **risk, actor=amina, at=now)
    assert list(wrong.value.error_dict) == ["number"]
    assert not BreachAssessment.objects.exists()
    stated = assess_breach(unheld, **risk, number=4_000, actor=amina, at=now)
    assert (stated.people, stated.stated, stated.concerned) == (0, 4_000, 4_000)
    assert "(approximately): 4,000." in compose_breach_letters(unheld, Audience.AUTHORITY, actor=amina)["en"]


def test_people_are_added_by_id_or_as_everyone_of_the_client(cast, unheld, amina, now):
    risk: dict[str, Any] = {"likelihood": "likely", "severity": "serious", "outcome": "people", "reasons": "Logs."}
    told: dict[str, Any] = {**risk, "actor": amina, "at": now}
    chosen = assess_breach(unheld, **told, also=Selection(ids=("lms-hamza",)))
    assert [one.subject_id for one in BreachPerson.objects.filter(assessment=chosen)] == [cast.subject_id("hamza")]
    assert assess_breach(unheld, **told, also=EVERYONE).people == Subject.objects.count()
    with pytest.raises(ValidationError, match="lms-nobody") as wrong, transaction.atomic():
        assess_breach(unheld, **told, also=Selection(ids=("lms-hamza", "lms-nobody")))
    assert list(wrong.value.error_dict) == ["ids"]


def test_the_authority_is_notified_in_time_without_reasons_and_late_with_them(breach, amina, now):
    values: dict[str, Any] = {"authority": "BfDI", "text": "Notification.", "language": "en", "actor": amina}
    notify_authority(
        make_breach(breach.client, actor=amina, at=now), **values, at=breach.known_at + timedelta(hours=72)
    )
    late = breach.known_at + timedelta(hours=72, seconds=1)
    with pytest.raises(ValidationError, match="reasons for the delay"), transaction.atomic():
        notify_authority(breach, **values, at=late)
    notify_authority(breach, **values, late_reason="We did not know whose data it was.", at=late)
    breach.refresh_from_db()
    assert breach.authority_notified_at == late
    notify_authority(breach, **values, at=late + HOUR)
    breach.refresh_from_db()
    assert breach.authority_notified_at == late
    assert [one.late_reason != "" for one in BreachLetter.objects.filter(breach=breach).order_by("sent_at")] == [
        True,
        False,
    ]


def test_adults_are_informed_themselves_and_for_a_child_its_guardians(breach, cast, indus, amina, now):
    verified_guardian(cast.subject("danish"), cast.subject("esra"), at=now)
    assess(breach, actor=amina, at=now)
    letter = write_to_people(breach, text="A breach.", text_ur="خلاف ورزی", actor=amina, at=now)
    assert inform_batch(letter.pk, client_id=indus.pk, actor=WORKER, at=now) == 2
    assert inform_batch(letter.pk, client_id=indus.pk, actor=WORKER, at=now) == 0
    reached = {row.subject_id: row.recipient_id for row in BreachNotice.objects.all()}
    assert reached[cast.subject_id("danish")] == cast.subject_id("esra")
    assert cast.subject_id("danish") not in Letter.objects.values_list("subject_id", flat=True)
    count = count_notices(letter)
    assert (count.people, count.done) == (2, 2)
    assert count.unreachable == sum(recipient is None for recipient in reached.values())


def test_people_are_not_written_to_before_or_against_the_assessment(breach, amina, now):
    words = {"text": "A breach.", "text_ur": "خلاف ورزی", "actor": amina, "at": now}
    with pytest.raises(Refused, match="No list waits"), transaction.atomic():
        write_to_people(breach, **words)
    assess(breach, "authority", actor=amina, at=now)
    with pytest.raises(Refused, match="No list waits"), transaction.atomic():
        write_to_people(breach, **words)
    assess(breach, actor=amina, at=now + HOUR)
    with pytest.raises(ValidationError, match="both languages"), transaction.atomic():
        write_to_people(breach, **{**words, "text_ur": " "})
    assert not BreachLetter.objects.exists()


def test_a_list_is_written_to_once_and_again_only_after_another_assessment(breach, amina, now):
    words = {"text": "A breach.", "text_ur": "خلاف ورزی", "actor": amina}
    assess(breach, actor=amina, at=now)
    letter = write_to_people(breach, **words, at=now)
    with pytest.raises(Refused, match="No list waits"), transaction.atomic():
        write_to_people(breach, **words, at=now + HOUR)
    assess(breach, actor=amina, at=now + 2 * HOUR)
    write_to_people(breach, **words, at=now + 2 * HOUR)
    columns = "client_id, breach_id, audience, language, text, text_ur, recipient, late_reason, assessment_id, sent_at"
    copied = f"{columns}, actor_kind, actor_id, actor_role"
    copy = f"INSERT INTO breaches_breachletter (id, {copied}) SELECT gen_random_uuid(), {copied} "
    with pytest.raises(IntegrityError, match="breachletter_once_for_a_list"), transaction.atomic():
        connection.cursor().execute(f"{copy} FROM breaches_breachletter WHERE id = %s", [letter.pk])


def test_staff_are_reminded_once_for_each_mark_and_not_once_it_is_notified(breach, amina, indus):
    known = breach.known_at
    sent = [
        remind_of_breaches(indus.pk, actor=WORKER, at=known + timedelta(hours=hours)) for hours in (23, 24, 25, 61, 80)
    ]
    assert sent == [0, 1, 0, 1, 1]
    bodies = Entry.objects.filter(kind="breach.reminded").order_by("recorded_at").values_list("body", flat=True)
    assert [json.loads(body)["facts"]["hours_left"] for body in bodies] == [48, 12, 0], "one of 24 would say less"
    other = make_breach(indus, actor=amina, at=known + timedelta(hours=90))
    notify_authority(other, authority="BfDI", text="Text.", language="en", actor=amina, at=other.known_at + HOUR)
    assert remind_of_breaches(indus.pk, actor=WORKER, at=other.known_at + timedelta(hours=99)) == 0


def test_no_reminder_if_the_authority_need_not_be_notified(breach, amina, indus, now):
    assess(breach, "none", actor=amina, at=now)
    assert remind_of_breaches(indus.pk, actor=WORKER, at=now + timedelta(hours=100)) == 0


def test_a_second_person_closes_a_complete_breach(another, breach, amina, now):
    with pytest.raises(Refused, match="still missing"), transaction.atomic():
        request_closing(breach, ground="Done.", actor=amina, at=now)
    closing = request_closing(complete(breach, actor=amina, at=now), ground="Done.", actor=amina, at=now)
    later = now + timedelta(days=30)
    decide_proposed_change(closing, approve=True, actor=another, at=later)
    assert Breach.objects.get().closed_at == later
    with pytest.raises(Refused, match="is closed"):
        record_measures(breach, measures="More", lessons="", reason="review", actor=amina, at=later)
    assert Breach.history.first().actor_id == another.id


def test_a_breach_that_becomes_incomplete_again_is_not_closed(another, breach, amina, now):
    closing = request_closing(complete(breach, actor=amina, at=now), ground="Done.", actor=amina, at=now)
    assess(breach, actor=amina, at=now + HOUR)
    with pytest.raises(Refused, match="still missing"), transaction.atomic():
        decide_proposed_change(closing, approve=True, actor=another, at=now + timedelta(days=30))
    assert Breach.objects.get().is_open


def test_a_longer_list_needs_its_own_letter_before_the_breach_closes(breach, report, amina, now):
    words = {"text": "A breach.", "text_ur": "خلاف ورزی", "actor": amina, "at": now}
    complete(breach, actor=amina, at=now)
    assess(breach, actor=amina, at=now + HOUR)
    write_to_people(breach, **words)
    assess(breach, actor=amina, at=now + 2 * HOUR)
    assert list_missing(Breach.objects.get()) == []
    report("iqra", "usage_logs", collected_at=now - timedelta(days=9))
    assess(breach, actor=amina, at=now + 3 * HOUR)
    assert list_missing(Breach.objects.get()) == ["the letters to people"]
    with pytest.raises(Refused, match="still missing"), transaction.atomic():
        request_closing(breach, ground="Done.", actor=amina, at=now + 4 * HOUR)
    write_to_people(breach, **words)
    request_closing(breach, ground="Done.", actor=amina, at=now + 4 * HOUR)


def test_the_same_event_is_recorded_at_more_clients_once(cast, amina, now):
    with in_client(cast.client_id("indus")):
        breach = make_breach(cast.client("indus"), actor=amina, at=now)
    with as_officer():
        made = add_clients(breach, clients=[cast.client("khyber")], actor=amina, at=now)
        again = add_clients(breach, clients=[cast.client("khyber")], actor=amina, at=now)
    assert ([one.incident for one in made], again) == ([breach.incident], [])
    assert cast.get(Breach, "khyber").what == breach.what


def test_systems_are_matched_by_code_at_more_clients(cast, amina, now):
    with in_client(cast.client_id("indus")):
        make_system(cast.client("indus"), "portal", ["contact_details"], delivery="by_hand")
        breach = make_breach(cast.client("indus"), systems=["billing", "lms", "portal"], actor=amina, at=now)
    with as_officer():
        [made] = add_clients(breach, clients=[cast.client("khyber")], actor=amina, at=now)
    assert made.systems == ["billing", "lms"]  # "billing" is a system of PakTaleem, which serves every client


@pytest.mark.parametrize("only", [{"systems": ["portal"]}, {"categories": ["pupil_photos"]}])
def test_a_breach_is_not_recorded_at_a_client_without_its_systems_or_categories(cast, amina, now, only):
    with in_client(cast.client_id("indus")):
        make_system(cast.client("indus"), "portal", ["contact_details"], delivery="by_hand")
        breach = make_breach(cast.client("indus"), **only, actor=amina, at=now)
    with as_officer():
        with pytest.raises(ValidationError) as refusal:
            add_clients(breach, clients=[cast.client("khyber"), cast.client("paktaleem")], actor=amina, at=now)
        assert Breach.objects.count() == 1
    [[words]] = refusal.value.message_dict.values()
    assert "Khyber Institute" in words


@pytest.mark.parametrize("name", ["bilal", "farah", "celia"])
def test_only_officers_manage_breaches(breach, cast, name, now):
    actor = cast.actor(name)
    for act in (
        lambda: make_breach(breach.client, actor=actor, at=now),
        lambda: assess(breach, actor=actor, at=now),
        lambda: write_to_client(breach, text="Text.", language="en", actor=actor, at=now),
        lambda: add_measures(breach, actor=actor, at=now),
        lambda: request_closing(breach, ground="Done.", actor=actor, at=now),
    ):
        with pytest.raises(NotAllowed), transaction.atomic():
            act()


def test_a_draft_asks_which_data_about_people_of_whom_no_system_reported_any(breach, amina, now):
    assess(breach, actor=amina, at=now)
    draft = compose_breach_letters(breach, Audience.PEOPLE, actor=amina)["en"]
    [held] = re.findall(r"Data concerned: ([^\[\n]+)\.", draft)
    risk: dict[str, Any] = {"likelihood": "likely", "severity": "serious", "outcome": "people", "reasons": "Logs."}
    assess_breach(breach, **risk, also=EVERYONE, actor=amina, at=now)
    assert f"Data concerned: [… {held}]." in compose_breach_letters(breach, Audience.PEOPLE, actor=amina)["en"]


def test_an_administrator_sees_the_breaches_of_their_client_only(breach, cast):
    assert count_affected(breach, actor=cast.actor("farah"))[0].people == 2
    with pytest.raises(NotAllowed):
        count_affected(breach, actor=cast.actor("celia"))


def test_the_database_refuses_a_closed_breach_without_measures(breach, now):
    closing = "UPDATE breaches_breach SET closed_at = %s WHERE id = %s"
    with pytest.raises(IntegrityError, match="breach_closed_complete"), transaction.atomic():
        connection.cursor().execute(closing, [now, breach.pk])


@pytest.mark.parametrize("language", ["en", "ur"])
@pytest.mark.parametrize("audience", list(Audience))
def test_drafts_name_the_data_that_was_held_and_mark_what_is_not_recorded(breach, amina, audience, language):
    breach.consequences = ""
    draft = compose_breach_letters(breach, audience, actor=amina)[language]
    held = DataCategory.objects.get(code="content")
    other = DataCategory.objects.get(code="billing")
    name = "name_ur" if language == "ur" else "name_en"
    assert getattr(held, name) in draft
    assert getattr(other, name) not in draft
    assert GAP in draft
    assert breach.what in draft


def test_a_copy_of_a_persons_data_lists_the_breach_and_the_letter(breach, cast, indus, amina, now):
    assess(breach, actor=amina, at=now)
    letter = write_to_people(breach, text="A breach.", text_ur="خلاف ورزی", actor=amina, at=now)
    inform_batch(letter.pk, client_id=indus.pk, actor=WORKER, at=now)
    sections = {section.code: section for section in list_sections()}
    hamza, iqra = cast.subject("hamza"), cast.subject("iqra")
    reader = Reader(hamza, sealer_of(hamza))
    [row] = sections["breaches"].read(reader)
    assert (row["what"], row["categories"]) == (breach.what, ["usage_logs"])
    [told] = sections["breach_letters"].read(reader)
    assert told["text"] == "A breach."
    assert not list(sections["breaches"].read(Reader(iqra, sealer_of(iqra))))


KNOWN = datetime(2026, 3, 27, 22, 30, tzinfo=UTC)
DUE = KNOWN + timedelta(hours=72)
seconds = st.integers(0, 200 * 3600)


@given(after=seconds, done=st.sets(st.sampled_from(MARKS)))
def test_the_most_urgent_mark_is_due_unless_it_or_a_more_urgent_one_is_done(after, done):
    reached = [mark for mark in (48, 24, 12, 0) if after >= (72 - mark) * 3600]
    expected = reached[-1] if reached and not done & set(range(reached[-1] + 1)) else None
    assert find_due_mark(DUE, KNOWN + timedelta(seconds=after), done=done) == expected


@given(steps=st.lists(st.integers(1, 30 * 3600), max_size=12))
def test_whenever_the_worker_looks_no_mark_is_due_twice_and_the_last_one_is_not_missed(steps):
    at = KNOWN
    done: list[int] = []
    for step in steps:
        at += timedelta(seconds=step)
        mark = find_due_mark(DUE, at, done=done)
        done += [] if mark is None else [mark]
    assert done == sorted(set(done), reverse=True)
    reached = [mark for mark in MARKS if sum(steps) >= (72 - mark) * 3600]
    assert done[-1:] == reached[-1:]


def test_a_higher_risk_never_informs_fewer():
    order = [Outcome.NONE, Outcome.AUTHORITY, Outcome.PEOPLE]
    rank = {
        (likelihood, severity): order.index(suggest_outcome(likelihood, severity))
        for likelihood, severity in product(Likelihood, Severity)
    }
    likelihoods, severities = list(Likelihood), list(Severity)
    for (likelihood, severity), found in rank.items():
        for other, worse in rank.items():
            is_worse = likelihoods.index(other[0]) >= likelihoods.index(likelihood)
            if is_worse and severities.index(other[1]) >= severities.index(severity):
                assert worse >= found
    assert (rank[Likelihood.UNLIKELY, Severity.MINOR], rank[Likelihood.LIKELY, Severity.SEVERE]) == (0, 2)
    assert [pair for pair, found in rank.items() if found == 0] == [(Likelihood.UNLIKELY, Severity.MINOR)]
