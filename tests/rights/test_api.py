"""The API for rights requests: open one, list them, follow one."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from paktaleem.foundation.tenancy.context import in_client
from rights.requests.services.closing import answer_request
from tests.api.callers import Caller
from tests.rights.cases import AT, DAY, decided, received
from tests.rights.packing import PNG, answered, build, fetched

URL = "/api/v1/rights-requests"


@pytest.fixture
def caller(cast):
    return Caller(cast.key("indus"))


def test_the_platform_opens_a_request_and_follows_it(caller):
    made = caller.post(URL, {"subject": "lms-hamza", "kind": "access", "details": "All of it"})
    assert made.status_code == 201
    body = made.json()
    assert (body["kind"], body["state"], body["identity_verified"]) == ("access", "with_client", True)
    assert body["due_at"] == body["expected_by"] > body["received_at"]
    assert {part["decided_by"] for part in body["parts"]} == {"client", "paktaleem"}
    assert "details" not in body
    assert caller.get(f"{URL}/{body['id']}").json() == body
    assert [one["id"] for one in caller.get(URL).json()["requests"]] == [body["id"]]


def test_the_platform_follows_the_copy_of_a_request_and_sees_no_content(cast, caller):
    request = decided(cast, received(cast))
    url = f"{URL}/{request.pk}/copy"
    nothing = dict.fromkeys(("failure", "built_at", "expires_at", "ended_at"))
    assert caller.get(url).json() == {"state": "collecting", **nothing, "downloads": 0}
    with in_client(request.client_id):
        answered(cast, request, PNG)
        assert build(request) is not None
        answer_request(request, text="Ready.", actor=cast.actor("farah"), at=AT)
        fetched(cast, request)
    shown = caller.get(url).json()
    assert (shown["state"], shown["built_at"], shown["downloads"]) == ("ready", AT.isoformat(), 1)
    assert shown["expires_at"] == (AT + 14 * DAY).isoformat()
    other = caller.post(URL, {"subject": "lms-hamza", "kind": "erasure"}).json()
    assert caller.get(f"{URL}/{other['id']}/copy").json()["state"] == "none"
    assert Caller(cast.key("khyber")).get(url).status_code == 404


def test_several_rights_and_a_person_who_is_not_signed_in(caller):
    made = caller.post(URL, {"subject": "lms-hamza", "kinds": ["erasure", "portability"], "signed_in": False})
    assert (made.status_code, made.json()["state"]) == (201, "identity_pending")
    assert {part["kind"] for part in made.json()["parts"]} == {"erasure", "portability"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"subject": "lms-hamza"}, "#/kind"),
        ({"subject": "lms-hamza", "kind": "access", "kinds": ["access"]}, "#/kind"),
        ({"subject": "lms-hamza", "kind": "everything"}, "#/kind"),
        ({"subject": "lms-hamza", "kinds": []}, "#/kinds"),
        ({"subject": "lms-hamza", "kinds": ["access", "access"]}, "#/kinds"),
        ({"subject": "lms-hamza", "kind": "access", "purposes": ["none_such"]}, "#/purposes"),
        ({"subject": "lms-hamza", "kind": "access", "details": "x" * 4001}, "#/details"),
        ({"subject": 7, "kind": "access"}, "#/subject"),
        ({"subject": "lms-hamza", "kind": "access", "urgent": True}, "#/urgent"),
    ],
)
def test_wrong_input_names_its_field(caller, body, field):
    answer = caller.post(URL, body)
    assert answer.status_code == 400
    assert [error["pointer"].rsplit("/0", 1)[0] for error in answer.json()["errors"]] == [field]


def test_another_clients_people_and_requests_are_not_there(cast, caller):
    made = caller.post(URL, {"subject": "lms-hamza", "kind": "access"}).json()
    khyber = Caller(cast.key("khyber"))
    assert khyber.get(f"{URL}/{made['id']}").status_code == 404
    assert khyber.get(URL).json()["requests"] == []
    assert khyber.post(URL, {"subject": "lms-hamza", "kind": "access"}).status_code == 404
    assert Client().get(URL).status_code == 401


def test_a_repeated_post_with_its_key_makes_one_request(caller):
    body = {"subject": "lms-hamza", "kind": "access"}
    first, again = (
        caller._client.post(URL, body, content_type="application/json", headers={"Idempotency-Key": '"once"'})
        for _ in range(2)
    )
    assert first.content == again.content
    assert first.status_code == again.status_code == 201


def test_a_list_takes_the_same_number_of_queries_however_long_it_is(caller):
    counts = []
    for _ in range(2):
        for _ in range(3):
            caller.post(URL, {"subject": "lms-hamza", "kinds": ["access", "erasure"]})
        with CaptureQueriesContext(connection) as queries:
            caller.get(URL)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_pages_follow_each_other_and_a_foreign_cursor_is_refused(caller):
    for _ in range(3):
        caller.post(URL, {"subject": "lms-hamza", "kind": "question"})
    first = caller.get(f"{URL}?limit=2").json()
    rest = caller.get(first["next"]).json()
    assert (len(first["requests"]), len(rest["requests"]), rest["next"]) == (2, 1, None)
    assert caller.get(f"{URL}?cursor=forged").status_code == 400
    assert len(caller.get(f"{URL}?subject=lms-hamza&state=all").json()["requests"]) == 3
    assert caller.get(f"{URL}?subject=lms-iqra").json()["requests"] == []
    assert caller.get(f"{URL}/not-an-id").status_code == 404
