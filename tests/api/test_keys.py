"""API keys: validity, scopes, immediate revocation, one client."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from paktaleem.foundation.accounts.models import ApiKey
from paktaleem.foundation.accounts.services import issue_api_key, revoke_api_key
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller, question
from tests.factories import deactivate_purpose, make_key

ROUTES = {
    "subject": ("get", "/api/v1/subjects/lms-kiran", "subjects:read"),
    "register": ("put", "/api/v1/subjects/lms-kiran", "subjects:write"),
    "standing": ("get", "/api/v1/subjects/lms-kiran/standing", "decisions:ask"),
    "subject-consents": ("get", "/api/v1/subjects/lms-kiran/consents", "consents:read"),
    "withdraw-consent": ("post", "/api/v1/subjects/lms-kiran/consents/newsletter/withdraw", "consents:write"),
    "subjects-batch": ("post", "/api/v1/subjects/batch", "subjects:write"),
    "record-subject-event": ("post", "/api/v1/subjects/lms-kiran/events", "subjects:write"),
    "changes": ("get", "/api/v1/changes", "decisions:ask"),
    "purposes": ("get", "/api/v1/purposes", "register:read"),
    "current-notice": ("get", "/api/v1/notices/current", "register:read"),
    "record-consents": ("post", "/api/v1/consents", "consents:write"),
    "evaluation": ("post", "/access/v1/evaluation", "decisions:ask"),
    "evaluations": ("post", "/access/v1/evaluations", "decisions:ask"),
}
BODIES = {
    "register": {"role": "learner"},
    "evaluation": question("lms-kiran", "newsletter"),
    "evaluations": {"evaluations": [question("lms-kiran", "newsletter")]},
}


def key_with(cast, scopes, at):
    with in_client(cast.client_id("khyber")):
        return make_key(cast.client_id("khyber"), scopes, name="Narrow", at=at)[1]


def call(caller, route):
    method, path, _ = ROUTES[route]
    return caller.get(path) if method == "get" else getattr(caller, method)(path, BODIES.get(route, {}))


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_answers_401_without_a_key(db, route):
    response = call(Caller(""), route)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="paktaleem"'


@pytest.mark.parametrize("route", ROUTES)
def test_a_key_with_all_other_scopes_is_answered_with_403(cast, now, route):
    from paktaleem.foundation.accounts.roles import KEY_SCOPES  # noqa: PLC0415

    needed = ROUTES[route][2]
    others = [scope for scope in KEY_SCOPES if scope != needed]
    assert call(Caller(key_with(cast, others, now)), route).status_code == 403


@pytest.mark.parametrize("route", ROUTES)
def test_a_key_with_only_the_needed_scopes_is_accepted(cast, now, route):
    scopes = [ROUTES[route][2]]
    if route in {"standing", "subject-consents", "withdraw-consent", "record-subject-event"}:
        scopes.append("subjects:read")
    assert call(Caller(key_with(cast, scopes, now)), route).status_code not in {401, 403}


def test_a_revoked_key_is_refused_on_the_next_call(khyber_lms, cast, now):
    assert khyber_lms.get("/api/v1/purposes").status_code == 200
    assert khyber_lms.reason("lms-kiran", "service_delivery") == "permitted"
    with in_client(cast.client_id("khyber")):
        key = ApiKey.objects.get(id=cast.key_id("khyber"))
        revoke_api_key(key, actor=cast.actor("celia"), reason="key_rotation", at=now)
    assert khyber_lms.get("/api/v1/purposes").status_code == 401
    assert khyber_lms.post("/access/v1/evaluation", question("lms-kiran", "service_delivery")).status_code == 401


def test_an_expired_key_and_one_in_the_query_are_refused(cast, now):
    given = {"name": "Short", "scopes": ["register:read"], "expires_at": now.replace(hour=now.hour + 1)}
    with in_client(cast.client_id("khyber")):
        _, secret = issue_api_key(cast.client_id("khyber"), **given, actor=cast.actor("celia"), at=now)
    assert Caller(secret).get("/api/v1/purposes").status_code == 401
    assert Caller("").get("/api/v1/purposes", key=cast.key("khyber")).status_code == 401


def test_a_decision_is_one_round_trip(khyber_lms):
    khyber_lms.reason("lms-kiran", "service_delivery")
    with CaptureQueriesContext(connection) as sent:
        khyber_lms.reason("lms-kiran", "service_delivery")
    statements = [one["sql"] for one in sent.captured_queries if "set_config('role', 'none'" not in one["sql"]]
    assert len(statements) == 1
    assert "consent_decision_facts" in statements[0]


def test_a_changed_register_takes_effect_with_the_next_decision(khyber_lms, cast, now):
    assert khyber_lms.reason("lms-kiran", "newsletter") == "consent_missing"
    with in_client(cast.client_id("khyber")):
        deactivate_purpose("newsletter", client_id=cast.client_id("khyber"), at=now)
    assert khyber_lms.reason("lms-kiran", "newsletter") == "purpose_inactive"
