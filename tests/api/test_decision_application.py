"""The decision application answers as Django does."""

import io
import json
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client

from paktaleem.foundation.tenancy.context import read_in_one_statement
from paktaleem.office.decision_application import SKIPPED_MIDDLEWARE, VIEWS, DecisionApplication
from tests.api.callers import question

EVALUATION, MANY = "/access/v1/evaluation", "/access/v1/evaluations"


class Entered(Exception):
    """The request was delegated to Django."""


def _django(environ: Any, start_response: Any) -> Any:
    raise Entered


def _environ(body: bytes, key: str, **changed: Any) -> dict[str, Any]:
    return {
        "PATH_INFO": EVALUATION,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "REQUEST_METHOD": "POST",
        "HTTP_HOST": "localhost:8000",
        "HTTP_AUTHORIZATION": f"Bearer {key}",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
    } | changed


def _past_django(body: bytes, key: str, **changed: Any) -> tuple[int, dict[str, str], bytes]:
    seen: list[Any] = []
    content = b"".join(DecisionApplication(_django)(_environ(body, key, **changed), lambda *head: seen.append(head)))
    [(status, headers)] = seen
    return int(status.split()[0]), {name.lower(): value for name, value in headers}, content


def _through_django(body: bytes, key: str, **changed: Any) -> tuple[int, dict[str, str], bytes]:
    client = Client(raise_request_exception=False)
    given = {"HTTP_AUTHORIZATION": f"Bearer {key}", "HTTP_HOST": "localhost:8000"} | changed
    content_type = given.pop("CONTENT_TYPE", "application/json")
    response = client.generic(
        "POST",
        given.pop("PATH_INFO", EVALUATION),
        body,
        content_type=content_type,
        secure=given.get("wsgi.url_scheme") == "https",
        **given,
    )
    headers = {name.lower(): value for name, value in response.items()}
    return response.status_code, headers, response.content


def _settled(content: bytes) -> Any:
    try:
        answer = json.loads(content)
    except ValueError:
        return content
    for one in answer.get("evaluations", [answer]):
        for passing in ("decision_id", "valid_until"):
            one["context"].pop(passing, None)
    return answer


GOOD = json.dumps(question("lms-kiran", "service_delivery")).encode()
CASES: dict[str, tuple[bytes, dict[str, str]]] = {
    "permitted": (GOOD, {}),
    "denied": (json.dumps(question("lms-kiran", "newsletter")).encode(), {}),
    "unknown person": (json.dumps(question("nobody", "support")).encode(), {}),
    "request id": (GOOD, {"HTTP_X_REQUEST_ID": "7f3a"}),
    "charset": (GOOD, {"CONTENT_TYPE": "application/json; charset=utf-8"}),
    "no key": (GOOD, {"HTTP_AUTHORIZATION": ""}),
    "wrong key": (GOOD, {"HTTP_AUTHORIZATION": "Bearer ptk_wrong"}),
    "no JSON": (b"{", {}),
    "another type": (GOOD, {"CONTENT_TYPE": "text/plain"}),
    "the future": (json.dumps(question("lms-kiran", "support", context={"time": "2999-01-01T00:00:00Z"})).encode(), {}),
    "too large": (b" " * 1_048_577, {}),
    "no length": (GOOD, {"CONTENT_LENGTH": ""}),
    "an unfit id": (GOOD, {"HTTP_X_REQUEST_ID": "a b"}),
    "many": (json.dumps({"evaluations": [question("lms-kiran", "support"), {}]}).encode(), {"PATH_INFO": MANY}),
    "over TLS": (GOOD, {"wsgi.url_scheme": "https"}),
}


@pytest.mark.parametrize("case", CASES)
def test_it_answers_as_django_does(cast, case):
    body, changed = CASES[case]
    status, headers, content = _past_django(body, cast.key("khyber"), **changed)
    expected_status, expected_headers, expected_content = _through_django(body, cast.key("khyber"), **changed)
    assert (status, _settled(content)) == (expected_status, _settled(expected_content))
    sent = changed.get("HTTP_X_REQUEST_ID")
    assert (headers.pop("x-request-id") == sent) is (expected_headers.pop("x-request-id") == sent)
    assert headers == expected_headers


def test_strict_transport_security_is_sent_over_tls_only(cast):
    assert "strict-transport-security" in _past_django(GOOD, "", **{"wsgi.url_scheme": "https"})[1]
    assert "strict-transport-security" not in _past_django(GOOD, "")[1]


@pytest.mark.parametrize(
    "changed",
    [
        {"PATH_INFO": "/access/v1/evaluation/"},
        {"PATH_INFO": "/api/v1/consents"},
        {"REQUEST_METHOD": "GET"},
        {"HTTP_HOST": "elsewhere.example"},
        {"HTTP_HOST": ""},
        {"SCRIPT_NAME": "/below"},
    ],
    ids=lambda changed: " ".join(changed.values()) or "none",
)
def test_other_requests_are_passed_to_django(changed):
    with pytest.raises(Entered):
        _past_django(GOOD, "ptk_any", **changed)


def test_an_exception_is_a_500_without_details(cast, monkeypatch, caplog):
    monkeypatch.setitem(VIEWS, EVALUATION, lambda _: 1 / 0)
    status, headers, content = _past_django(GOOD, "ptk_any")
    assert status == 500
    assert headers["x-request-id"]
    assert headers["cache-control"] == "no-store"
    assert b"division" not in content
    assert "ZeroDivisionError" in caplog.text


def test_only_middleware_of_the_settings_is_skipped_and_one_added_to_them_runs(cast, settings):
    assert set(settings.MIDDLEWARE) >= SKIPPED_MIDDLEWARE
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.api.test_decision_application.Shut"]
    assert _past_django(GOOD, "ptk_any")[0] == 503


class Shut:
    """Middleware that answers 503 to everything."""

    def __init__(self, inner: Any) -> None:
        pass

    def __call__(self, _: Any) -> HttpResponse:
        return HttpResponse(status=503)


def test_a_dead_connection_is_reopened(committed):
    read_in_one_statement("SELECT 1", [])
    [[backend]] = read_in_one_statement("SELECT pg_backend_pid()", [])
    given = connection.get_connection_params()
    reachable = {name: given[name] for name in ("dbname", "user", "password", "host", "port")}
    with psycopg.connect(**reachable) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
    [[next_backend]] = read_in_one_statement("SELECT pg_backend_pid()", [])
    assert next_backend != backend


def test_a_statement_that_times_out_is_not_repeated(committed):
    sent = []

    def count(execute: Any, sql: Any, *rest: Any) -> Any:
        sent.append(sql)
        return execute(sql, *rest)

    read_in_one_statement("SELECT set_config('statement_timeout', '20', false)", [])
    with connection.execute_wrapper(count), pytest.raises(OperationalError, match="statement timeout"):
        read_in_one_statement("SELECT pg_sleep(10)", [])
    assert sent == ["SELECT pg_sleep(10)"]
    connection.close()
