"""Batch registration of people, and events of their accounts."""

from http import HTTPStatus

import pytest
from django.db import connection

from paktaleem.directory.people.models import GuardianClaim, Subject, SubjectEvent
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.api.test_idempotency import in_threads, post

BATCH, EVENTS = "/api/v1/subjects/batch", "/api/v1/subjects/lms-kiran/events"


def person(number, **more):
    return {"external_id": f"lms-new-{number}", "role": "learner", "full_name": f"Person {number}", **more}


def count(cast, model=Subject, code="khyber"):
    with in_client(cast.client_id(code)):
        return model.objects.count()


def pointers(response, status=HTTPStatus.BAD_REQUEST):
    assert response.status_code == status, response.content
    return [error["pointer"] for error in response.json()["errors"]]


def test_people_are_registered_and_updated_together(khyber, cast):
    people = [person(1), {"external_id": "lms-kiran", "role": "learner", "full_name": "Kiran T."}, person(2)]
    response = khyber.post(BATCH, {"subjects": people})
    assert response.status_code == 200
    shown = response.json()["subjects"]
    assert [(one["external_id"], one["created"]) for one in shown] == [
        ("lms-new-1", True), ("lms-kiran", False), ("lms-new-2", True)]  # fmt: skip
    assert shown[1]["id"] == str(cast.subject_id("kiran"))
    again = khyber.post(BATCH, {"subjects": people}).json()["subjects"]
    assert [one["id"] for one in again] == [one["id"] for one in shown]
    assert not any(one["created"] for one in again)


def test_guardians_are_registered_with_their_children(indus, cast):
    guardian = {"external_id": "lms-mother", "full_name": "A. Mother", "relationship": "parent"}
    children = [person(n, role="student", guardians=[guardian]) for n in (1, 2)]
    assert indus.post(BATCH, {"subjects": children}).status_code == 200
    with in_client(cast.client_id("indus")):
        assert GuardianClaim.objects.filter(guardian__external_id="lms-mother").count() == 2


def test_every_invalid_person_is_named_and_none_is_stored(khyber, cast):
    before = count(cast), count(cast, Entry)
    people = [person(0), person(1, email="nobody"), person(2, birth_date="2999-01-01"), person(3), person(4)]
    people[4]["external_id"] = "a@b.example"
    assert pointers(khyber.post(BATCH, {"subjects": people})) == [
        "#/subjects/1/email", "#/subjects/2/birth_date", "#/subjects/4/external_id"]  # fmt: skip
    assert (count(cast), count(cast, Entry)) == before


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"colour": "green"}, "#/subjects/1/colour"),
        ({"role": "wizard"}, "#/subjects/1/role"),
        ({"full_name": 17}, "#/subjects/1/full_name"),
        ({"full_name": "x" * 301}, "#/subjects/1/full_name"),
        ({"guardians": [{"external_id": "g"}]}, "#/subjects/1/guardians/0/relationship"),
        ({"external_id": "lms-new-0"}, "#/subjects/1/external_id"),
        ({"external_id": ""}, "#/subjects/1/external_id"),
    ],
)
def test_each_person_of_a_batch_is_validated(khyber, cast, change, pointer):
    before = count(cast)
    assert pointer in pointers(khyber.post(BATCH, {"subjects": [person(0), person(1, **change)]}))
    assert count(cast) == before


@pytest.mark.parametrize("body", [{}, {"subjects": []}, {"subjects": {}}, {"subjects": [None]}, {"subjects": ["x"]},
                                  {"subjects": None}, {"people": []}])  # fmt: skip
def test_a_batch_without_people_is_refused(khyber, body):
    assert pointers(khyber.post(BATCH, body))


def test_an_erased_person_makes_the_batch_a_conflict(khyber, cast, now):
    with in_client(cast.client_id("khyber")):
        erase_subject(cast.subject("kiran"), actor=cast.actor("amina"), reason="subject_request", at=now)
    before = count(cast)
    response = khyber.post(BATCH, {"subjects": [person(1), {"external_id": "lms-kiran", "role": "learner"}]})
    assert pointers(response, HTTPStatus.CONFLICT) == ["#/subjects/1"]
    assert response.json()["type"] == "urn:paktaleem:problem:subject-erased"
    assert count(cast) == before


def statements(call, *arguments):
    """Count the statements of a successful call."""
    sent = 0

    def count_it(execute, *told):
        nonlocal sent
        sent += 1
        return execute(*told)

    with connection.execute_wrapper(count_it):
        assert call(*arguments).status_code == 200
    return sent


def test_a_batch_has_at_most_a_thousand_people(khyber, cast):
    people = [person(n) for n in range(1_001)]
    assert pointers(khyber.post(BATCH, {"subjects": people})) == ["#/subjects"]
    before = count(cast)
    few = statements(khyber.post, BATCH, {"subjects": people[:20]})
    assert statements(khyber.post, BATCH, {"subjects": people[20:1_000] + people[:20]}) <= few * 1_000 / 20
    assert count(cast) == before + 1_000


def test_batch_is_not_allowed_as_an_id(khyber, cast):
    before = count(cast)
    for response in (khyber.get(BATCH), khyber.put(BATCH, {"role": "learner"}), khyber.delete(BATCH)):
        assert (response.status_code, response["Allow"]) == (405, "POST")
        assert response.json()["type"] == "urn:paktaleem:problem:method-not-allowed"
    guardian = {"external_id": "batch", "full_name": "A. Mother", "relationship": "parent"}
    assert pointers(khyber.post(BATCH, {"subjects": [person(1) | {"external_id": " batch "}]})) == [
        "#/subjects/0/external_id"]  # fmt: skip
    assert pointers(khyber.put("/api/v1/subjects/%20batch", {"role": "learner"})) == ["#/external_id"]
    assert khyber.put("/api/v1/subjects/lms-new", {"role": "learner", "guardians": [guardian]}).status_code == 400
    assert count(cast) == before
    assert khyber.put("/api/v1/subjects/Batch", {"role": "learner"}).status_code == 201


def test_simultaneous_batches_in_opposite_orders_do_not_deadlock(committed):
    people = [person(n) for n in range(40)]
    orders = iter([people, people[::-1]] * 4)
    responses = in_threads(8, lambda: post(committed.key("khyber"), {"subjects": next(orders)}, None, BATCH))
    assert {one.status_code for one in responses} == {200}
    with in_client(committed.client_id("khyber")):
        assert Subject.objects.filter(external_id__startswith="lms-new-").count() == 40


def test_closing_an_account_is_recorded_as_evidence(khyber, cast):
    response = khyber.post(EVENTS, {"kind": "account_closed", "happened_at": "2026-09-30T18:00:00+05:00"})
    assert response.status_code == 201
    assert response.json()["happened_at"] in {"2026-09-30T18:00:00+05:00", "2026-09-30T13:00:00Z"}
    with in_client(cast.client_id("khyber")):
        event = SubjectEvent.objects.get()
        entry = Entry.objects.get(kind="subject.account_closed")
    assert (event.actor_id, event.kind) == (cast.key_id("khyber"), "account_closed")
    assert str(event.id) in entry.body
    assert entry.subject_id == cast.subject_id("kiran")


def test_an_event_without_a_time_happened_now(khyber):
    shown = khyber.post(EVENTS, {"kind": "active"}).json()
    assert shown["happened_at"] == shown["recorded_at"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/kind"),
        ({"kind": "moved"}, "#/kind"),
        ({"kind": "active", "happened_at": "2099-01-01T00:00:00Z"}, "#/happened_at"),
        ({"kind": "active", "happened_at": "2026-01-01"}, "#/happened_at"),
        ({"kind": "active", "happened_at": "0001-01-01T00:00:00+14:00"}, "#/happened_at"),
        ({"kind": "active", "happened_at": "9999-12-31T23:59:59-14:00"}, "#/happened_at"),
        ({"kind": "active", "recorded_at": "2026-01-01T00:00:00Z"}, "#/recorded_at"),
    ],
)
def test_an_invalid_event_is_refused(khyber, cast, body, pointer):
    assert pointers(khyber.post(EVENTS, body)) == [pointer]
    assert count(cast, SubjectEvent) == 0


def test_another_clients_account_cannot_be_closed(indus, khyber, cast):
    body = {"kind": "account_closed"}
    foreign, made_up = indus.post(EVENTS, body), indus.post("/api/v1/subjects/made-up/events", body)
    assert (foreign.status_code, foreign.content) == (404, made_up.content)
    assert count(cast, SubjectEvent) == 0
