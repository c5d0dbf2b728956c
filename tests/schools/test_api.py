"""Schools, terms, classes and enrolments by the API: idempotent, with a result for each enrolment."""

import pytest
from django.db import connection

from paktaleem.directory.people.services.erasure import start_erasure
from paktaleem.directory.schools.models import Enrolment, SchoolClass
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from tests.factories import SETTING_UP
from tests.schools.making import periods

BATCH = "/api/v1/enrolments/batch"
YEAR = {"title": "2026-27", "kind": "school_year", "starts_on": "2026-08-01", "ends_on": "2027-06-01"}


@pytest.fixture
def set_up(indus_lms):
    """A school, a year and two classes of Indus."""
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
    with in_client(cast.client_id("khyber")):
        assert not SchoolClass.objects.exists()


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
    assert send(set_up, moved) == ["added"]
    assert send(set_up, moved) == ["unchanged"]
    ended = {"class": "4a", "subject": "lms-hamza", "role": "teacher", "ended": True, "ends_on": "2026-10-01"}
    assert send(set_up, ended) == ["ended"]
    with in_client(cast.client_id("indus")):
        assert periods("lms-danish") == [("4a", "2026-08-03", "2026-09-21"), ("4b", "2026-09-21", None)]
        assert periods("lms-hamza") == [("4a", "2026-08-03", "2026-10-01")]


def test_the_end_of_a_class_ends_its_enrolments(set_up, cast):
    send(set_up, {"class": "4a", "subject": "lms-danish", "starts_on": "2026-08-03"})
    assert set_up.put("/api/v1/classes/4a", {"title": "4A", "ended": True}).json()["ended_at"] is not None
    with in_client(cast.client_id("indus")):
        assert not Enrolment.objects.filter(ended_at=None).exists()
    assert send(set_up, {"class": "4a", "subject": "lms-danish"}) == [{"class": ["No class in use has this id."]}]


def test_a_person_who_is_being_erased_is_not_enrolled(set_up, cast, now):
    with in_client(cast.client_id("indus")):
        start_erasure(cast.subject("hamza"), actor=SETTING_UP, reason=Reason.SUBJECT_REQUEST, at=now)
    found = send(set_up, {"class": "4a", "subject": "lms-hamza"})
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
    with in_client(cast.client_id("indus")):
        assert SchoolClass.objects.get(external_id="4a").title == "4A"


def test_a_recording_that_runs_refuses_another_one_of_the_same_client(indus_lms, khyber_lms, cast):
    url, body = "/api/v1/schools/lyari", {"name": "Lyari School"}
    with connection.get_new_connection(connection.get_connection_params()) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"schools/{cast.client_id('indus')}"])
        response = indus_lms.put(url, body)
        assert response.status_code == 409
        assert response.json()["type"].endswith("schools-busy")
        assert khyber_lms.put(url, body).status_code == 201
    assert indus_lms.put(url, body).status_code == 201
