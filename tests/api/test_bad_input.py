"""Malformed input is answered with a clear problem, never with 500, and changes nothing."""

import json

import pytest
from django.test import Client
from django.urls import resolve
from hypothesis import HealthCheck, given, settings, strategies as st

from paktaleem.office.api_urls import urlpatterns
from tests.faults.size import sized
from tests.project.offenders import refuse_any

GARBAGE = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"17",
    b"\xff\xfe",
    b'{"a": NaN}',
    b'{"a": 1, "a": 2}',
    b'{"subject": "a\\u0000b"}',
    b'{"subject": "\\ud800"}',
    b"[" * 100_000,
    b'{"a":' * 500 + b"1" + b"}" * 500,
    b'{"n": ' + b"9" * 5_000 + b"}",
    b'{"n": 1e' + b"9" * 100 + b"}",
    b'{"full_name": "' + b"x" * 1_000_000 + b'"}',
    b'{"full_name": "' + b"x" * 2_000_000 + b'"}',
]
NOBODYS = "0190b9f4-0000-7000-8000-000000000000"
WRITING = [
    ("put", "/api/v1/subjects/lms-new"),
    ("post", "/api/v1/consents"),
    ("post", "/api/v1/subjects/lms-kiran/consents/newsletter/withdraw"),
    ("post", "/api/v1/subjects/batch"),
    ("post", "/api/v1/subjects/lms-kiran/events"),
    ("post", "/api/v1/subjects/lms-kiran/guardians"),
    ("post", "/api/v1/subjects/lms-kiran/guardian-authorisations"),
    ("post", "/api/v1/subjects/lms-kiran/guardian-checks"),
    ("post", "/api/v1/subjects/lms-kiran/guardian-requests"),
    ("put", "/api/v1/schools/lms-school"),
    ("put", "/api/v1/terms/lms-year"),
    ("put", "/api/v1/classes/lms-4a"),
    ("post", "/api/v1/enrolments/batch"),
    ("post", "/api/v1/acknowledgements"),
    ("put", "/api/v1/data-map"),
    ("post", "/api/v1/links"),
    ("post", "/api/v1/guardian-invitations"),
    ("post", "/api/v1/collections"),
    ("post", "/api/v1/collections/batch"),
    ("post", "/api/v1/disclosures"),
    ("post", "/api/v1/disclosures/batch"),
    ("post", "/api/v1/activity/batch"),
    ("post", "/api/v1/rights-requests"),
    ("post", f"/api/v1/rights-requests/{NOBODYS}/corrections"),
    ("put", f"/api/v1/rights-requests/{NOBODYS}/disagreement"),
    ("post", f"/api/v1/consents/{NOBODYS}/evidence"),
    ("post", "/api/v1/webhooks"),
    *(("post", f"/api/v1/webhooks/{NOBODYS}/{act}") for act in ("rotate", "enable", "test", "replay")),
    *(("post", f"/api/v1/orders/{NOBODYS}/{act}") for act in ("accept", "complete", "fail", "files/organisation")),
    *(("post", f"/api/v1/inventories/{NOBODYS}/{act}") for act in ("people", "answer")),
    *(("post", f"/api/v1/sandbox/{what}") for what in ("clock", "state", "orders", "inventories", "reset")),
    ("post", "/access/v1/evaluation"),
    ("post", "/access/v1/evaluations"),
]


@pytest.fixture
def raw(cast):
    return Client(headers={"Authorization": f"Bearer {cast.key('khyber')}"}, raise_request_exception=False)


@pytest.mark.parametrize(("method", "path"), WRITING)
def test_unreadable_bodies_are_refused_with_a_problem(raw, method, path):
    refuse_any((repr(body[:24]), fault_of(getattr(raw, method), path, body)) for body in GARBAGE)


def fault_of(send, path, body):
    """Return what is wrong with the answer to a body that cannot be read: it is a refusal, and a problem of the API."""
    response = send(path, body, content_type="application/json")
    told = f"{response.status_code} {response['Content-Type']} {response.content[:300]!r}"
    if not 400 <= response.status_code < 500:
        return told
    if not path.startswith("/api/"):
        return ""
    is_problem = response["Content-Type"] == "application/problem+json"
    return "" if is_problem and response.json()["status"] == response.status_code else told


def test_every_route_with_a_body_is_tested():
    tried = {(resolve(path).route, method) for method, path in WRITING}
    taken = {
        (f"api/v1/{route.pattern}", method)
        for route in urlpatterns
        for method in ("put", "post")
        if method.upper() in route.callback.view_class.capabilities  # type: ignore[attr-defined]
    }
    assert taken <= tried


@pytest.mark.parametrize(
    ("method", "path"), [one for one in WRITING if one[1].startswith("/api/") and NOBODYS not in one[1]]
)
def test_another_content_type_is_refused(raw, method, path):
    response = getattr(raw, method)(path, "a=b", content_type="application/x-www-form-urlencoded")
    assert response.status_code == 415
    assert response.json()["type"] == "urn:paktaleem:problem:unsupported-media-type"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/subjects/%00",
        "/api/v1/subjects/lms%00kiran/standing",
        "/api/v1/subjects/" + "x" * 5_000,
        "/api/v1/subjects/%ED%A0%80/consents",
        "/api/v1/subjects/lms-kiran/consents?cursor=x",
        "/api/v1/subjects/lms-kiran/consents?page=2",
        "/api/v1/subjects/lms-kiran/standing?time=now",
        "/api/v1/notices/current?language=tlh",
        "/api/v1/notices/current?purpose=%00",
        "/api/v1/notices/current?purpose=newsletter&language=tlh",
        "/api/v1/nowhere",
        "/api/v1/changes?since=x",
        "/api/v1/changes?since=%00",
        "/api/v1/changes?limit=0",
        "/api/v1/changes?limit=1e9",
        "/api/v1/changes?colour=green",
        "/api/v1/decision-log?since=x",
        "/api/v1/decision-log?log=off",
        "/api/v1/purposes?limit=-1",
        "/api/v1/purposes?cursor=%00",
        "/api/v1/purposes?page=2",
        "/api/v1/subjects/lms-kiran/standing?time=0001-01-01T00:00:00%2B14:00",
    ],
)
def test_a_bad_path_or_query_is_answered_with_a_problem(raw, path):
    response = raw.get(path)
    assert 400 <= response.status_code < 500, response.content[:300]
    assert response["Content-Type"] == "application/problem+json"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
known = [
    "subject",
    "answers",
    "by",
    "notice_version",
    "shown",
    "language",
    "method",
    "claimed_at",
    "action",
    "resource",
    "context",
]
bodies = st.dictionaries(st.sampled_from(known) | st.text(max_size=8), json_values, max_size=8)


@pytest.mark.parametrize(("method", "path"), WRITING)
@settings(max_examples=sized(10, 500), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=bodies)
def test_any_json_is_answered_without_a_server_error(raw, method, path, body):
    response = getattr(raw, method)(path, json.dumps(body), content_type="application/json")
    assert response.status_code < 500, response.content[:300]
