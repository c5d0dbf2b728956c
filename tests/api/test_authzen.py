"""OpenID AuthZEN 1.0 as in standards.md §2.2–2.8: objects, batches, semantics, metadata, headers, errors."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from consent.consents.models import ConsentState
from consent.consents.services.recording import Answer, record_answers
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller, question
from tests.consent.making import shown
from tests.factories import make_key

ONE, MANY = "/access/v1/evaluation", "/access/v1/evaluations"
ASKED = question("lms-kiran", "service_delivery")
KIRAN = {"type": "end_user", "id": "lms-kiran"}
PROCESS = {"name": "process"}


def purpose(code, **properties):
    return {"type": "purpose", "id": code, **({"properties": properties} if properties else {})}


def with_value(body, value, *path):
    """Return a copy with another value at the end of a path, or without it for ``...``."""
    copy = inner = deepcopy(body)
    for name in path[:-1]:
        inner = inner[name]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return copy


@pytest.fixture
def send(cast):
    """Post a body as it is, with a type of its own."""
    client = Client(headers={"Authorization": f"Bearer {cast.key('khyber')}"})
    return lambda path, body, kind="application/json": client.post(path, body, content_type=kind)


def decisions(response):
    assert response.status_code == HTTPStatus.OK, response.content
    return [one["decision"] for one in response.json()["evaluations"]]


def reasons(response):
    assert response.status_code == HTTPStatus.OK, response.content
    return [one["context"].get("reason", "error") for one in response.json()["evaluations"]]


def assert_plain_error(response, status):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.strip()


def batch(*items, **more):
    return {"subject": KIRAN, "action": PROCESS, "evaluations": list(items), **more}


def test_the_answer_is_a_decision_with_a_context_and_its_own_id(khyber_lms):
    responses = [khyber_lms.post(ONE, ASKED) for _ in range(3)]
    answers = [one.json() for one in responses]
    assert [(set(one), one["decision"]) for one in answers] == [({"decision", "context"}, True)] * 3
    assert len({one["context"]["decision_id"] for one in answers}) == 3
    assert {one["Cache-Control"] for one in (*responses, khyber_lms.post(MANY, batch(GOOD)))} == {"no-store"}


def test_unknown_members_and_options_are_ignored(khyber_lms):
    for context in ({}, {"ip": "10.0.0.1", "nested": {"a": [1]}}):
        assert khyber_lms.post(ONE, {**ASKED, "context": context}).json()["decision"] is True
    body = {**ASKED, "colour": "green", "options": {"a": 1}, "evaluations_semantic": 7}
    body["subject"] = {**KIRAN, "properties": {"department": "Sales", "level": 3}, "extra": None}
    body["action"] = {**PROCESS, "properties": {"method": "GET"}}
    body["resource"] = {**purpose("service_delivery", colour="blue"), "owner": "x"}
    assert khyber_lms.post(ONE, body).json()["decision"] is True
    options = {"evaluations_semantic": "execute_all", "colour": "green"}
    assert decisions(khyber_lms.post(MANY, batch(GOOD, options=options, decision=False))) == [True]


@pytest.mark.parametrize(
    ("path", "value"),
    [*((path, ...) for path in (("subject",), ("action",), ("resource",), ("subject", "type"), ("subject", "id"),
                                ("action", "name"), ("resource", "type"), ("resource", "id"))),
     (("subject",), "kiran"), (("action",), "process"), (("resource",), "newsletter"), (("context",), "now"),
     (("subject", "id"), 17), (("subject", "type"), None), (("action", "name"), 17), (("resource", "id"), ["x"]),
     (("resource", "properties"), "all"), (("subject", "properties"), "all"), (("action", "properties"), []),
     (("subject",), None), (("context",), {"time": 17})],
    ids=str,
)  # fmt: skip
def test_a_part_that_is_missing_or_of_the_wrong_type_is_400(khyber_lms, path, value):
    assert_plain_error(khyber_lms.post(ONE, with_value(ASKED, value, *path)), HTTPStatus.BAD_REQUEST)


@pytest.mark.parametrize("path", [ONE, MANY])
@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"17", b'"x"', b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_not_an_object_is_400(send, path, body):
    assert_plain_error(send(path, body), HTTPStatus.BAD_REQUEST)


@pytest.mark.parametrize("path", [ONE, MANY])
@pytest.mark.parametrize("doubled", ['"subject":{"type":"end_user","id":"lms-kiran"},', '"action":{"name":"delete"},'])
def test_a_duplicate_member_is_400(send, path, doubled):
    response = send(path, json.dumps(ASKED).replace("{", "{" + doubled, 1))
    assert_plain_error(response, HTTPStatus.BAD_REQUEST)
    assert b"duplicate" in response.content


@pytest.mark.parametrize("path", [ONE, MANY])
def test_another_content_type_is_400_and_a_charset_is_accepted(send, path):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml", ""):
        assert_plain_error(send(path, json.dumps(ASKED), kind), HTTPStatus.BAD_REQUEST)
    assert send(path, json.dumps(ASKED), "application/json; charset=utf-8").json()["decision"] is True


def test_evaluations_are_answered_in_order(khyber_lms):
    khyber_lms.consent("lms-kiran", "newsletter")
    codes = ["newsletter", "product_research", "service_delivery", "astrology", "newsletter"]
    response = khyber_lms.post(MANY, batch(*({"resource": purpose(code)} for code in codes)))
    assert reasons(response) == ["permitted", "consent_missing", "permitted", "purpose_unknown", "permitted"]
    assert set(response.json()) == {"evaluations"}


def test_each_evaluation_of_a_batch_equals_the_single_one(indus_lms):
    people = ["lms-danish", "lms-esra", "lms-hamza", "lms-iqra", "lms-junaid", "lms-kiran", "nobody"]
    asked = [question(who, code) for who in people for code in ("service_delivery", "newsletter", "legal_compliance")]
    together = comparable(indus_lms.post(MANY, {"evaluations": asked}).json()["evaluations"])
    alone = comparable([indus_lms.post(ONE, one).json() for one in asked])
    assert together == alone
    assert {one["decision"] for one in alone} == {True, False}


def comparable(answers):
    """Remove the parts that differ between calls."""
    for one in answers:
        del one["context"]["decision_id"], one["context"]["valid_until"]
    return answers


def test_a_default_is_replaced_and_not_merged(khyber_lms):
    default = purpose("newsletter", categories=["billing"])
    response = khyber_lms.post(
        MANY, batch({}, {"resource": purpose("service_delivery")}, {"resource": {"type": "purpose"}}, resource=default)
    )
    assert reasons(response) == ["category_not_covered", "permitted", "error"]


@pytest.mark.parametrize("part", ["subject", "action", "resource", "context"])
def test_an_item_may_override_every_part(khyber_lms, part):
    over = {
        "subject": {"type": "end_user", "id": "nobody"},
        "action": {"name": "dance"},
        "resource": purpose("astrology"),
        "context": {"time": "2026-01-01T00:00:00Z"},
    }[part]
    response = khyber_lms.post(MANY, batch({}, {part: over}, {}, resource=purpose("service_delivery")))
    assert decisions(response) == [True, False, True]


@pytest.mark.parametrize("evaluations", [None, []])
def test_a_batch_without_evaluations_is_a_single_evaluation(khyber_lms, evaluations):
    body = ASKED if evaluations is None else {**ASKED, "evaluations": evaluations}
    answer = khyber_lms.post(MANY, body).json()
    assert answer["decision"] is True
    assert "evaluations" not in answer
    assert_plain_error(khyber_lms.post(MANY, with_value(body, ..., "resource")), HTTPStatus.BAD_REQUEST)


GOOD, NO = {"resource": purpose("service_delivery")}, {"resource": purpose("newsletter")}
BAD = {"resource": "newsletter"}


@pytest.mark.parametrize(
    ("semantic", "items", "expected"),
    [
        (None, [GOOD, NO, BAD, GOOD], [True, False, False, True]),
        ("execute_all", [NO, GOOD, NO], [False, True, False]),
        ("deny_on_first_deny", [GOOD, GOOD, NO, GOOD], [True, True, False]),
        ("deny_on_first_deny", [GOOD, BAD, GOOD], [True, False]),
        ("deny_on_first_deny", [GOOD, GOOD], [True, True]),
        ("deny_on_first_deny", [NO, NO], [False]),
        ("permit_on_first_permit", [NO, BAD, GOOD, NO], [False, False, True]),
        ("permit_on_first_permit", [NO, NO], [False, False]),
        ("permit_on_first_permit", [GOOD, GOOD], [True]),
    ],
)
def test_the_evaluation_semantics_decide_where_a_batch_stops(khyber_lms, semantic, items, expected):
    options = {"options": {"evaluations_semantic": semantic}} if semantic else {}
    assert decisions(khyber_lms.post(MANY, batch(*items, **options))) == expected


@pytest.mark.parametrize(
    "item",
    [{"resource": "newsletter"}, {"resource": {"type": "purpose"}}, {"action": {"name": 17}}, "text", None, 17, [],
     {"context": {"time": "2099-01-01T00:00:00Z"}}, {"context": {"time": "2026-09-10T12:00:00"}}, {"subject": None}],
    ids=str,
)  # fmt: skip
def test_one_bad_item_is_denied_and_the_others_answered(khyber_lms, item):
    response = khyber_lms.post(MANY, batch(GOOD, item, GOOD, resource=purpose("service_delivery")))
    assert decisions(response) == [True, False, True]
    error = response.json()["evaluations"][1]["context"]["error"]
    assert error["status"] == HTTPStatus.BAD_REQUEST
    assert error["message"]


@pytest.mark.parametrize(
    "body",
    [
        batch(GOOD, subject="kiran"),
        {"evaluations": {}},
        {"evaluations": "all"},
        {"evaluations": None},
        batch(GOOD, options=[]),
        batch(GOOD, options={"evaluations_semantic": "perhaps"}),
        batch(GOOD, options={"evaluations_semantic": None}),
        batch(GOOD, action={"name": None}),
    ],
    ids=str,
)
def test_an_invalid_batch_is_400(khyber_lms, body):
    assert_plain_error(khyber_lms.post(MANY, body), HTTPStatus.BAD_REQUEST)


def test_a_batch_has_at_most_a_thousand_items(khyber_lms):
    assert len(decisions(khyber_lms.post(MANY, batch(*[GOOD] * 1_000)))) == 1_000
    response = khyber_lms.post(MANY, batch(*[GOOD] * 1_001))
    assert_plain_error(response, HTTPStatus.BAD_REQUEST)
    assert b"1,000" in response.content


def test_a_batch_is_one_round_trip_for_all_its_people(indus_lms):
    asked = [question(who, "service_delivery") for who in ("lms-danish", "lms-hamza", "lms-iqra", "lms-junaid")] * 25
    indus_lms.post(MANY, {"evaluations": asked})
    with CaptureQueriesContext(connection) as sent:
        assert len(decisions(indus_lms.post(MANY, {"evaluations": asked}))) == 100
    statements = [one["sql"] for one in sent.captured_queries if "set_config('role', 'none'" not in one["sql"]]
    assert len(statements) == 1
    assert "consent_decisions_facts" in statements[0]


def test_one_batch_may_ask_about_now_and_several_past_times(khyber_lms, cast):
    given_at, withdrawn_at = datetime(2026, 9, 10, 12, tzinfo=UTC), datetime(2026, 9, 20, 12, tzinfo=UTC)
    with in_client(cast.client_id("khyber")):
        for state, at in ((ConsentState.GIVEN, given_at), (ConsentState.WITHDRAWN, withdrawn_at)):
            record_answers(
                cast.subject("kiran"),
                answers=[Answer("newsletter", state)],
                shown=shown(cast.client_id("khyber"), at),
                actor=cast.key_actor("khyber"),
                at=at,
            )
    moments = [None, given_at, withdrawn_at, datetime(2026, 9, 5, tzinfo=UTC), given_at, None]
    items = [{"context": {"time": at.isoformat()} if at else {}} for at in moments]
    response = khyber_lms.post(MANY, batch(*items, resource=purpose("newsletter")))
    gone = "consent_withdrawn"
    assert reasons(response) == [gone, "permitted", gone, "consent_missing", "permitted", gone]


def test_too_many_past_times_are_refused(khyber_lms):
    items = [{"context": {"time": f"2026-09-05T10:{minute:02}:00Z"}} for minute in range(21)]
    response = khyber_lms.post(MANY, batch(*items, resource=purpose("newsletter")))
    assert_plain_error(response, HTTPStatus.BAD_REQUEST)
    assert decisions(khyber_lms.post(MANY, batch(*items[:20], resource=purpose("newsletter")))) == [False] * 20


def test_items_about_the_future_are_errors_and_not_counted_as_past_times(khyber_lms):
    items = [{"context": {"time": f"2999-09-05T10:{minute:02}:00Z"}} for minute in range(21)]
    response = khyber_lms.post(MANY, batch({}, *items, {}, resource=purpose("service_delivery")))
    first, *refused, last = response.json()["evaluations"]
    assert first["decision"] is last["decision"] is True
    message = "context.time is in the future: ask about now or the past"
    assert [one["context"] for one in refused] == [{"error": {"status": 400, "message": message}}] * 21


@pytest.mark.parametrize("path", [ONE, MANY])
def test_a_time_in_the_future_is_refused_after_the_key_is_checked(khyber_lms, cast, path, now):
    asked = {**ASKED, "context": {"time": "2999-01-01T00:00:00Z"}}
    response = khyber_lms.post(path, asked)
    assert_plain_error(response, HTTPStatus.BAD_REQUEST)
    assert response.content == b"context.time is in the future: ask about now or the past"
    assert_plain_error(Caller("ptk_wrong").post(path, asked), HTTPStatus.UNAUTHORIZED)
    with in_client(cast.client_id("khyber")):
        _, secret = make_key(cast.client_id("khyber"), ["register:read"], name="Reads", at=now)
    assert_plain_error(Caller(secret).post(path, asked), HTTPStatus.FORBIDDEN)


def test_another_clients_person_in_a_batch_is_answered_like_an_unknown_one(indus_lms):
    asked = [question("lms-kiran", "support"), question("made-up", "support"), question("lms\x00-kiran", "support")]
    answers = comparable(indus_lms.post(MANY, {"evaluations": asked}).json()["evaluations"])
    assert answers[0] == answers[1] == answers[2]


def test_the_sql_function_refuses_inside_a_context(cast):
    sent: list[Any] = [b"x", ["lms-kiran"], datetime(2026, 10, 1, tzinfo=UTC)]
    refused = pytest.raises(DatabaseError, match="context is already set")
    with in_client(cast.client_id("khyber")), connection.cursor() as cursor, refused, transaction.atomic():
        cursor.execute("SELECT consent_decisions_facts(%s, %s, %s)", sent)


@pytest.mark.parametrize("path", [ONE, MANY])
@pytest.mark.parametrize("body", [ASKED, {"nonsense": True}, [], batch(BAD)])
def test_without_a_valid_key_every_body_is_answered_with_401(db, path, body):
    for key in ("", "ptk_wrong"):
        response = Caller(key).post(path, body)
        assert_plain_error(response, HTTPStatus.UNAUTHORIZED)
        assert response["WWW-Authenticate"] == 'Bearer realm="paktaleem"'


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("post", ONE, ASKED, 200),
        ("post", MANY, batch(GOOD), 200),
        ("post", ONE, {}, 400),
        ("get", ONE, None, 405),
        ("put", MANY, None, 405),
        ("get", "/access/v1/nowhere", None, 404),
        ("get", "/.well-known/authzen-configuration", None, 200),
        ("get", "/api/v1/purposes", None, 200),
        ("get", "/api/v1/nowhere", None, 404),
        ("post", "/api/v1/consents", {}, 400),
    ],
)
def test_the_callers_request_id_is_returned(cast, method, path, body, status):
    client = Client(headers={"Authorization": f"Bearer {cast.key('khyber')}", "X-Request-ID": "req-4711"})
    response = getattr(client, method)(path, body, content_type="application/json")
    assert response.status_code == status
    assert response["X-Request-ID"] == "req-4711"


def test_without_a_valid_request_id_a_new_one_is_returned(khyber_lms, cast):
    first, second = (khyber_lms.post(ONE, ASKED)["X-Request-ID"] for _ in "ab")
    assert UUID(first) != UUID(second)
    for told in ("a b", "ü", "x" * 201):
        client = Client(headers={"Authorization": f"Bearer {cast.key('khyber')}", "X-Request-ID": told})
        assert UUID(client.post(ONE, ASKED, content_type="application/json")["X-Request-ID"])


def test_another_type_of_subject_or_resource_is_named_in_the_reason(khyber_lms):
    def reason_of(**changed):
        return khyber_lms.post(ONE, {**ASKED, **changed}).json()["context"]["reason"]

    assert reason_of(subject={"type": "student", "id": "lms-kiran"}) == "subject_type_unknown"
    assert reason_of(subject={"type": "user", "id": "lms-kiran"}) == reason_of()
    assert reason_of(resource={"type": "course", "id": "newsletter"}) == "resource_type_unknown"
    told = batch(
        {"subject": {"type": "user", "id": "lms-kiran"}}, {"subject": {"type": "app", "id": "lms-kiran"}}, **GOOD
    )
    assert reasons(khyber_lms.post(MANY, told)) == ["permitted", "subject_type_unknown"]


@pytest.mark.parametrize("what", ["subject", "resource", "action"])
def test_search_is_not_offered(khyber_lms, client, what):
    address = f"/access/v1/search/{what}"
    assert_plain_error(khyber_lms.post(address, {**ASKED, "page": {"limit": 1}}), HTTPStatus.NOT_FOUND)
    assert_plain_error(khyber_lms.get(address), HTTPStatus.NOT_FOUND)
    assert "search" not in client.get("/.well-known/authzen-configuration").content.decode()


METADATA = "/.well-known/authzen-configuration"


def test_metadata_names_the_endpoints_over_https(client, settings):
    settings.PUBLIC_URL = ""
    response = client.get(METADATA, headers={"Host": "localhost"})
    assert response["Content-Type"] == "application/json"
    assert response.json() == {
        "policy_decision_point": "https://localhost",
        "access_evaluation_endpoint": "https://localhost/access/v1/evaluation",
        "access_evaluations_endpoint": "https://localhost/access/v1/evaluations",
    }


def test_metadata_follows_the_public_address_and_is_for_no_tenant(client, settings):
    settings.PUBLIC_URL = "https://privacy.school.example/"
    assert client.get(METADATA).json()["policy_decision_point"] == "https://privacy.school.example"
    assert client.post(METADATA).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert_plain_error(client.get(f"{METADATA}/khyber"), HTTPStatus.NOT_FOUND)
    settings.SESSION_COOKIE_SECURE, settings.PUBLIC_URL = False, ""  # the demonstration may be plain HTTP
    shown = client.get(METADATA, headers={"Host": "localhost"}).json()
    assert shown["policy_decision_point"] == "http://localhost"
