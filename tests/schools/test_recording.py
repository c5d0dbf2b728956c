"""Recording schools, terms, classes and enrolments, also by the API: history, ends, moves, leniency, isolation."""

import json
import tracemalloc
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import erase_subject, start_erasure
from paktaleem.directory.schools.models import ClassTerm, Enrolment, Origin, School, SchoolClass, Term
from paktaleem.directory.schools.rosters.importing.service import import_roster
from paktaleem.directory.schools.rows import (
    CLASSES as CLASS_PART,
    ENROLMENTS,
    SCHOOLS as SCHOOL_PART,
    GivenRows,
    PlaceRow,
    Tally,
)
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import refused_to
from tests.factories import SETTING_UP, SubjectFactory
from tests.rosters import clean_network, open_roster
from tests.schools.making import CLASSES, SCHOOLS, enrolled, given, periods, record

AT = datetime(2026, 9, 1, 8, tzinfo=UTC)
LATER = AT + timedelta(days=30)
ALL = frozenset({SCHOOL_PART, CLASS_PART, ENROLMENTS})
FIRST = "2026-08-03"


@pytest.fixture
def prepared(cast):
    with in_client(cast.client_id("indus")):
        for name in ("ali", "bano", "chand"):
            SubjectFactory(client=cast.client("indus"), external_id=name)
        yield cast.client("indus")


def test_what_a_roster_states_is_kept_and_a_second_run_changes_nothing(prepared):
    what = given(enrolled("ali"), enrolled("bano", role="teacher"), complete=ALL)
    first = record(prepared, what, AT)
    added = {"schools": 3, "terms": 2, "classes": 3, "enrolments": 2}
    assert first.counts == {part: Tally(added=number) for part, number in added.items()}
    lyari = School.objects.get(external_id="lyari")
    assert (lyari.name, lyari.kind, str(lyari.parent)) == ("Lyari School", "school", "Indus Network")
    assert str(Term.objects.get(external_id="t1").parent) == "2026-27"
    assert (SchoolClass.objects.get(external_id="4b").school, ClassTerm.objects.count()) == (lyari, 3)
    assert periods("ali") == [("4a", FIRST, None)]
    assert Enrolment.objects.get(subject__external_id="bano").role == "teacher"
    entry = Entry.objects.get(kind="schools.recorded")
    assert json.loads(entry.body)["facts"]["counts"]["enrolments"] == [2, 0, 0, 0]
    again = record(prepared, what, LATER)
    assert again.counts["enrolments"] == Tally(unchanged=2)
    assert {one.written for one in again.counts.values()} == {0}
    assert Entry.objects.filter(kind="schools.recorded").count() == 1


def test_a_complete_roster_ends_what_it_does_not_list_and_a_partial_one_leaves_it(prepared):
    record(prepared, given(enrolled("ali"), enrolled("bano")), AT)
    assert record(prepared, given(enrolled("ali")), LATER).counts["enrolments"] == Tally(unchanged=1)
    fewer = given(enrolled("ali"), complete=ALL)
    fewer = replace(fewer, places={**fewer.places, SCHOOL_PART: SCHOOLS[:2], CLASS_PART: CLASSES[:2]})
    counts = record(prepared, fewer, LATER).counts
    assert (counts["schools"], counts["classes"]) == (Tally(unchanged=2, gone=1), Tally(unchanged=2, gone=1))
    assert counts["enrolments"] == Tally(unchanged=1, gone=1)
    assert periods("bano") == [("4a", FIRST, "2026-10-01")]
    ended = Enrolment.objects.get(subject__external_id="bano")
    assert ended.ended_at == LATER
    again = record(prepared, given(enrolled("ali"), enrolled("bano", starts_on=date(2026, 11, 2))), LATER)
    assert again.counts["enrolments"] == Tally(added=1, unchanged=1)
    assert periods("bano") == [("4a", FIRST, "2026-10-01"), ("4a", "2026-11-02", None)]


def test_a_moved_enrolment_ends_in_the_old_class_and_begins_in_the_new_one(prepared):
    record(prepared, given(enrolled("ali"), enrolled("bano"), enrolled("chand")), AT)
    moved = [
        enrolled("ali", "4b"),  # with the first day of the old class: known since today
        enrolled("bano", "4b", starts_on=date(2026, 9, 21)),
        enrolled("chand", "4b", starts_on=None),
    ]
    counts = record(prepared, given(*moved), LATER).counts["enrolments"]
    assert counts == Tally(added=3, gone=3)
    assert periods("ali") == [("4a", FIRST, "2026-10-01"), ("4b", "2026-10-01", None)]
    assert periods("bano") == [("4a", FIRST, "2026-09-21"), ("4b", "2026-09-21", None)]
    assert periods("chand") == [("4a", FIRST, "2026-10-01"), ("4b", "2026-10-01", None)]
    assert record(prepared, given(*moved), LATER + timedelta(days=1)).counts["enrolments"] == Tally(unchanged=3)


def test_a_delta_ends_by_id_alone_and_the_end_of_a_class_ends_its_enrolments(prepared):
    record(prepared, given(enrolled("ali"), enrolled("bano"), enrolled("chand", "4b")), AT)
    gone = enrolled("", "", external_id="e-ali", role="other", gone=True)
    closed = CLASSES[1]._replace(name="", kind="other", part_of="", gone=True)
    delta = GivenRows(places={CLASS_PART: [closed]}, enrolments=[gone])
    counts = record(prepared, delta, LATER).counts
    assert (counts["classes"], counts["enrolments"]) == (Tally(gone=1), Tally(gone=2))
    assert [periods(name)[0][2] for name in ("ali", "bano", "chand")] == ["2026-10-01", None, "2026-10-01"]
    assert SchoolClass.objects.get(external_id="4b").title == "4-B"
    assert record(prepared, delta, LATER).counts["enrolments"] == Tally()


def test_enrolments_of_people_who_left_end(prepared):
    record(prepared, given(enrolled("ali"), enrolled("bano")), AT)
    left = [Subject.objects.get(external_id="ali").pk]
    counts = record(prepared, given(enrolled("ali")), LATER, removed=left).counts["enrolments"]
    assert counts == Tally(gone=1)
    assert (periods("ali")[0][2], periods("bano")[0][2]) == ("2026-10-01", None)


def test_changed_days_are_corrected_and_an_end_before_the_start_is_the_start(prepared):
    record(prepared, given(enrolled("ali"), enrolled("bano")), AT)
    changed = [enrolled("ali", ends_on=date(2027, 6, 1)), enrolled("bano", ends_on=date(2026, 1, 1))]
    assert record(prepared, given(*changed), LATER).counts["enrolments"] == Tally(changed=2)
    assert (periods("ali"), periods("bano")) == ([("4a", FIRST, "2027-06-01")], [("4a", FIRST, FIRST)])
    record(prepared, given(enrolled("bano"), complete=ALL), LATER)
    assert periods("ali") == [("4a", FIRST, "2026-10-01")]


def test_rows_that_cannot_be_matched_are_left_out_and_repeated_ones_count_once(prepared):
    rows = [
        enrolled("ali"),
        enrolled("ali"),  # the same id
        enrolled("ali", external_id="other"),  # the same period under another id
        enrolled("nobody"),
        enrolled("bano", "unknown"),
    ]
    assert record(prepared, given(*rows, complete=ALL), AT).counts["enrolments"] == Tally(added=1)
    assert Enrolment.objects.count() == 1
    kept = [enrolled("ali", "unknown")]  # still listed, in a class that is not known: it goes on
    assert record(prepared, given(*kept, complete=ALL), LATER).counts["enrolments"] == Tally()
    assert periods("ali") == [("4a", FIRST, None)]


def test_rows_without_an_id_are_found_by_class_person_and_role(prepared):
    bare: dict[str, Any] = {"external_id": "", "starts_on": None}
    record(prepared, given(enrolled("ali", **bare)), AT, origin=Origin.API)
    again = record(prepared, given(enrolled("ali", **bare)), LATER, origin=Origin.API)
    assert again.counts["enrolments"].unchanged == 1
    record(prepared, given(enrolled("ali", **bare, gone=True)), LATER, origin=Origin.API)
    assert periods("ali") == [("4a", "2026-09-01", "2026-10-01")]
    record(prepared, given(enrolled("ali", **bare)), LATER + timedelta(days=40), origin=Origin.API)
    assert periods("ali") == [("4a", "2026-09-01", "2026-10-01"), ("4a", "2026-11-10", None)]


def test_a_complete_roster_leaves_what_the_learning_platform_stated(prepared):
    record(prepared, given(enrolled("ali")), AT, origin=Origin.API)
    nothing = GivenRows(places={SCHOOL_PART: [], CLASS_PART: []}, enrolments=[], complete=ALL)
    assert {one.written for one in record(prepared, nothing, LATER).counts.values()} == {0}


def test_an_ended_school_that_is_listed_again_is_in_use_again(prepared):
    record(prepared, given(complete=ALL), AT)
    record(prepared, GivenRows(places={SCHOOL_PART: []}, complete=frozenset({SCHOOL_PART})), LATER)
    assert set(School.objects.values_list("ended_at", flat=True)) == {LATER}
    renamed = PlaceRow(2, "lyari", "Lyari Girls’ School", "school")
    assert record(prepared, GivenRows(places={SCHOOL_PART: [renamed]}), LATER).counts["schools"] == Tally(changed=1)
    lyari = School.objects.get(external_id="lyari")
    assert (lyari.name, lyari.parent, lyari.ended_at) == ("Lyari Girls’ School", None, None)


def test_a_person_who_is_being_erased_gets_no_enrolment_and_an_erased_one_has_none(prepared):
    record(prepared, given(enrolled("ali"), enrolled("bano")), AT)
    ali, bano = (Subject.objects.get(external_id=name) for name in ("ali", "bano"))
    start_erasure(ali, actor=SETTING_UP, reason=Reason.SUBJECT_REQUEST, at=AT)
    assert record(prepared, given(enrolled("ali", "4b")), LATER).counts["enrolments"] == Tally()
    erase_subject(bano, actor=SETTING_UP, reason=Reason.SUBJECT_REQUEST, at=AT)
    assert set(Enrolment.objects.values_list("subject_id", flat=True)) <= {ali.pk}


def test_the_wrong_role_and_another_client_are_refused(prepared, cast):
    refused_to("bilal celia", lambda name: record(prepared, given(), AT, actor=cast.actor(name)))
    assert not School.objects.exists()


def test_the_database_refuses_an_end_before_the_start_and_a_second_open_period(prepared):
    record(prepared, given(enrolled("ali")), AT)
    row = Enrolment.objects.get()
    values = {name: getattr(row, name) for name in ("client", "school_class", "subject", "role", "origin", "starts_on")}
    for broken in ({"ends_on": date(2026, 1, 1)}, {}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Enrolment.objects.create(**values, **broken, recorded_at=AT)
    assert Enrolment.objects.count() == 1


PEOPLE, CLASSES_OF_SCHOOL, FIRST_DAY = 50, 20, date(2026, 8, 3)
KEBIBYTE = 1024


def package(days):
    made = clean_network()
    for number in range(PEOPLE):
        made.user(f"student-{number}", "student", "Noor", f"Shah {number}")
    for number in range(CLASSES_OF_SCHOOL):
        made.add("classes.csv", f"class-{number}", title=f"Class {number}", schoolSourcedId="org-2")
    for number in range(PEOPLE * CLASSES_OF_SCHOOL * days):
        rest, person = divmod(number, PEOPLE)
        day, school_class = divmod(rest, CLASSES_OF_SCHOOL)
        begin, end = ((FIRST_DAY + timedelta(2 * day + more)).isoformat() for more in (0, 1))
        places = {"classSourcedId": f"class-{school_class}", "schoolSourcedId": "org-2"}
        row = {"userSourcedId": f"student-{person}", "role": "student", **places, "beginDate": begin, "endDate": end}
        made.add("enrollments.csv", f"enrolment-{number}", **row)
    return made


def measure(path, client, at):
    tracemalloc.start()
    try:
        with open_roster(path) as roster:
            report = import_roster(roster, client=client, actor=system_actor("tests"), at=at, is_trial=True)
        assert report.schooling["enrolments"].added > 0
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_twelve_times_the_enrolments_take_no_more_memory(tmp_path, indus, now):
    few, many = package(1).write(tmp_path / "few.zip"), package(12).write(tmp_path / "many.zip")
    people = package(0).write(tmp_path / "people.zip")
    with open_roster(people) as roster:
        import_roster(roster, client=indus, actor=system_actor("tests"), at=now)
    small, large = (measure(path, indus, now) for path in (few, many))
    assert large < small + 256 * KEBIBYTE


BATCH = "/api/v1/enrolments/batch"
YEAR = {"title": "2026-27", "kind": "school_year", "starts_on": "2026-08-01", "ends_on": "2027-06-01"}


@pytest.fixture
def set_up(indus_lms):
    assert indus_lms.put("/api/v1/schools/lyari", {"name": "Lyari School"}).status_code == 201
    assert indus_lms.put("/api/v1/terms/y2026", YEAR).status_code == 201
    for name in ("4a", "4b"):
        values = {"title": name.upper(), "school": "lyari", "terms": ["y2026"]}
        assert indus_lms.put(f"/api/v1/classes/{name}", values).status_code == 201
    return indus_lms


def send(client, *rows):
    response = client.post(BATCH, {"enrolments": list(rows)})
    assert response.status_code == 200, response.content
    return [one["result"] or one["problems"] for one in response.json()["enrolments"]]


def test_the_same_class_again_changes_nothing_and_another_title_changes_it(set_up, cast):
    same = {"title": "4A", "school": "lyari", "terms": ["y2026"]}
    first = set_up.put("/api/v1/classes/4a", same)
    assert (first.status_code, first.json()["school"], first.json()["terms"]) == (200, "lyari", ["y2026"])
    assert set_up.put("/api/v1/classes/4a", same).json() == first.json()
    changed = set_up.put("/api/v1/classes/4a", {**same, "title": "4-A", "terms": []}).json()
    assert (changed["title"], changed["terms"], changed["id"]) == ("4-A", [], first.json()["id"])
    assert not cast.has(SchoolClass, "khyber")


def test_unknown_references_and_ids_are_refused_by_field(set_up):
    cases = [
        ("/api/v1/classes/5a", {"title": "5A", "school": "nowhere", "terms": ["y2026", "never"]}, ["school", "terms"]),
        ("/api/v1/schools/new", {"name": "New", "part_of": "nowhere"}, ["part_of"]),
        ("/api/v1/terms/t1", {**YEAR, "ends_on": "2026-07-01"}, ["ends_on"]),
        ("/api/v1/classes/5a", {"title": "5A", "ended": True}, ["ended"]),
        ("/api/v1/classes/a@b.example", {"title": "5A"}, ["external_id"]),
    ]
    for url, body, fields in cases:
        response = set_up.put(url, body)
        assert response.status_code == 400, (url, response.content)
        assert [error["pointer"] for error in response.json()["errors"]] == [f"#/{name}" for name in fields]


def test_each_enrolment_of_a_batch_has_its_result_and_a_move_keeps_the_history(set_up, cast):
    start = {"starts_on": "2026-08-03"}
    first = send(
        set_up,
        {"class": "4a", "subject": "lms-danish", "id": "e1", **start},
        {"class": "4a", "subject": "lms-farah-teacher", **start},
        {"class": "9z", "subject": "lms-danish", **start},
        {"class": "4a", "subject": "lms-hamza", "role": "teacher", **start},
        {"class": "4a", "subject": "lms-hamza", "role": "teacher", **start},
        {"class": "4a", "subject": "lms-junaid", "ended": True},
    )
    assert first == [
        "added",
        {"subject": ["No person of this client has this id."]},
        {"class": ["No class in use has this id."]},
        "added",
        {"class": ["Another item of the batch states this enrolment."]},
        {"ended": ["No enrolment in use matches."]},
    ]
    moved = {"class": "4b", "subject": "lms-danish", "id": "e1", "starts_on": "2026-09-21"}
    assert (send(set_up, moved), send(set_up, moved)) == (["added"], ["unchanged"])
    ended = {"class": "4a", "subject": "lms-hamza", "role": "teacher", "ended": True, "ends_on": "2026-10-01"}
    assert send(set_up, ended) == ["ended"]
    with in_client(cast.client_id("indus")):
        assert periods("lms-danish") == [("4a", "2026-08-03", "2026-09-21"), ("4b", "2026-09-21", None)]
        assert periods("lms-hamza") == [("4a", "2026-08-03", "2026-10-01")]


def test_the_end_of_a_class_ends_its_enrolments_and_a_person_being_erased_is_not_enrolled(set_up, cast, now):
    send(set_up, {"class": "4a", "subject": "lms-danish", "starts_on": "2026-08-03"})
    assert set_up.put("/api/v1/classes/4a", {"title": "4A", "ended": True}).json()["ended_at"] is not None
    assert not cast.has(Enrolment, ended_at=None)
    assert send(set_up, {"class": "4a", "subject": "lms-danish"}) == [{"class": ["No class in use has this id."]}]
    with in_client(cast.client_id("indus")):
        start_erasure(cast.subject("hamza"), actor=SETTING_UP, reason=Reason.SUBJECT_REQUEST, at=now)
    found = send(set_up, {"class": "4b", "subject": "lms-hamza"})
    assert found == [{"subject": ["This person is being erased."]}]


def test_a_batch_of_a_thousand_takes_no_more_queries_than_one(set_up, django_assert_max_num_queries):
    many = [{"class": "4a", "subject": f"nobody-{number}"} for number in range(1_000)]
    with django_assert_max_num_queries(60):
        assert len(send(set_up, *many)) == 1_000
    assert set_up.post(BATCH, {"enrolments": [*many, many[0]]}).status_code == 400


def test_a_client_writes_only_its_own_schools(set_up, khyber_lms, cast):
    assert khyber_lms.put("/api/v1/classes/4a", {"title": "Ours", "school": "lyari"}).status_code == 400
    assert khyber_lms.put("/api/v1/classes/4a", {"title": "Ours"}).status_code == 201
    assert send(khyber_lms, {"class": "4a", "subject": "lms-danish"}) == [
        {"subject": ["No person of this client has this id."]}
    ]
    assert cast.get(SchoolClass, external_id="4a").title == "4A"


def test_a_recording_that_runs_refuses_another_one_of_the_same_client(indus_lms, khyber_lms, cast):
    url, body = "/api/v1/schools/lyari", {"name": "Lyari School"}
    with connection.get_new_connection(connection.get_connection_params()) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"schools/{cast.client_id('indus')}"])
        response = indus_lms.put(url, body)
        assert response.status_code == 409
        assert response.json()["type"].endswith("schools-busy")
        assert khyber_lms.put(url, body).status_code == 201
    assert indus_lms.put(url, body).status_code == 201
