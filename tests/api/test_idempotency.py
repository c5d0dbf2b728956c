"""Idempotency-Key: a request takes effect once, whatever happens in the network."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http import HTTPStatus

import pytest
import time_machine
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from consent.consents.api import RecordConsents
from consent.consents.models import ConsentEvent
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.web.api.idempotency import KeyMalformed, parse_key
from paktaleem.foundation.web.api.models import KeptAnswer
from tests.api.callers import Caller
from tests.keeping import dispose

CONSENTS = "/api/v1/consents"
KEY = '"8e03978e-40d5-43dd-bc93-6894a57f9324"'


def post(secret, body, key=KEY, path=CONSENTS):
    client = Client(headers={"Authorization": f"Bearer {secret}"}, raise_request_exception=False)
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(path, body, content_type="application/json", headers=headers)


@pytest.fixture
def giving(khyber_lms):
    return consent_body(khyber_lms.shown("newsletter"))


def consent_body(shown, subject="lms-kiran"):
    answers = [{"purpose": "newsletter", "state": "given"}]
    return {"subject": subject, "answers": answers, "shown": shown}


def recorded(cast, code="khyber"):
    with in_client(cast.client_id(code)):
        return ConsentEvent.objects.count()


def problem(response):
    assert response["Content-Type"] == "application/problem+json"
    return response.status_code, response.json()["type"].removeprefix("urn:paktaleem:problem:")


def test_a_repeated_request_gets_the_same_response_and_acts_once(cast, giving):
    first, again = post(cast.key("khyber"), giving), post(cast.key("khyber"), giving)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert first["Content-Type"] == again["Content-Type"]
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert recorded(cast) == 1


def test_without_a_key_every_request_acts_and_the_order_of_members_does_not_matter(cast, giving):
    secret = cast.key("khyber")
    for _ in range(2):
        assert post(secret, giving, key=None).status_code == 201
    assert not cast.has(KeptAnswer, "khyber")
    post(secret, giving, key='"k-1"')
    again = post(secret, dict(reversed(giving.items())), key="k-1")
    assert again["Idempotency-Replayed"] == "true"


def test_another_body_or_path_with_the_same_key_is_422_and_keys_are_separate_for_each_route(cast, giving):
    secret, route = cast.key("khyber"), "/api/v1/subjects/lms-kiran/consents/{}/withdraw"
    assert post(secret, giving).status_code == 201
    assert problem(post(secret, {**giving, "language": "ur"})) == (422, "idempotency-key-reused")
    assert recorded(cast) == 1
    withdrawn = post(secret, {}, path=route.format("newsletter"))
    assert (withdrawn.status_code, withdrawn.json()["state"]) == (200, "withdrawn")
    assert problem(post(secret, {}, path=route.format("support"))) == (422, "idempotency-key-reused")


def test_keys_are_separate_for_each_client(cast, giving, indus_lms):
    body = consent_body(indus_lms.shown("newsletter"), "lms-hamza")
    assert post(cast.key("khyber"), giving).status_code == 201
    response = post(cast.key("indus"), body)
    assert response.status_code == 201
    assert "Idempotency-Replayed" not in response
    assert (recorded(cast, "khyber"), recorded(cast, "indus")) == (1, 1)


def test_an_error_response_is_not_stored(cast, giving):
    secret = cast.key("khyber")
    assert post(secret, {**giving, "shown": None}).status_code == 400
    assert post(secret, giving).status_code == 201


def test_without_a_valid_api_key_nothing_is_replayed(cast, giving):
    post(cast.key("khyber"), giving)
    assert post("ptk_wrong", giving).status_code == 401


@pytest.mark.parametrize("key", ["", " ", '""', '"', "a b", "a,b", 'a"b', "a\\b", '"a"b', '"a b"', "ü", "x" * 256,
                                 '"' + "x" * 256 + '"', '"a";p=1', '"\\x"'])  # fmt: skip
def test_a_malformed_key_is_refused(cast, giving, key):
    assert problem(post(cast.key("khyber"), giving, key=key)) == (400, "idempotency-key-malformed")
    assert recorded(cast) == 0


@pytest.mark.parametrize(
    ("header", "key"),
    [("abc", "abc"), ('"abc"', "abc"), ('"a\\"b\\\\c"', 'a"b\\c'), ("~!#$%&'()*+-./:<=>?@[]^_`{|}",) * 2,
     ("x" * 255,) * 2, (' "a,b;c" ', "a,b;c")],
)  # fmt: skip
def test_a_key_is_a_structured_string_or_bare(header, key):
    assert parse_key(header) == key


def test_a_key_with_a_line_break_is_malformed():
    with pytest.raises(KeyMalformed):
        parse_key("a\nb")


def test_the_stored_row_has_no_personal_data_and_no_key(cast, giving):
    post(cast.key("khyber"), giving, key="kiran.tareen@mail.example")
    with in_client(cast.client_id("khyber")), connection.cursor() as cursor:
        cursor.execute("SELECT t::text, body FROM web_keptanswer t")
        text, body = cursor.fetchone()
    for said in ("newsletter", "kiran"):
        assert said not in text
        assert said.encode() not in bytes(body)


def test_a_key_can_be_reused_after_its_expiry(cast, giving):
    secret = cast.key("khyber")
    with time_machine.travel(timezone.now() - timedelta(hours=25)):
        post(secret, giving)
    again = post(secret, {**giving, "method": "web"})
    assert again.status_code == 201
    assert "Idempotency-Replayed" not in again


def test_only_expired_responses_are_purged(cast, giving, indus_lms):
    with time_machine.travel(timezone.now() - timedelta(hours=2)):
        post(cast.key("khyber"), giving)
    post(cast.key("indus"), consent_body(indus_lms.shown("newsletter"), "lms-hamza"))
    with time_machine.travel(timezone.now() + timedelta(hours=23)):
        assert [dispose("idempotency"), dispose("idempotency")] == [1, 0]
    with in_client(cast.client_id("indus")):
        assert KeptAnswer.objects.count() == 1
    with time_machine.travel(timezone.now() + timedelta(days=3)):
        assert dispose("idempotency") == 1


def in_threads(number, call):
    """Call from many threads at once, each with its own connection."""
    gate = threading.Barrier(number)

    def one(_):
        try:
            gate.wait()
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def test_thirty_two_simultaneous_requests_act_once(committed):
    secret = committed.key("khyber")
    body = consent_body(Caller(secret).shown("newsletter"))
    responses = in_threads(32, lambda: post(secret, body))
    assert {one.status_code for one in responses} <= {201, 409}
    assert sum(one.status_code == HTTPStatus.CREATED and "Idempotency-Replayed" not in one for one in responses) == 1
    assert len({one.content for one in responses if one.status_code == HTTPStatus.CREATED}) == 1
    assert recorded(committed) == 1
    assert post(secret, body)["Idempotency-Replayed"] == "true"


def test_a_second_request_during_the_first_is_409(committed, monkeypatch):
    secret = committed.key("khyber")
    body = consent_body(Caller(secret).shown("newsletter"))
    entered, leave = threading.Event(), threading.Event()
    acts = RecordConsents.post

    def slow(self, request):
        entered.set()
        assert leave.wait(20)
        return acts(self, request)

    monkeypatch.setattr(RecordConsents, "post", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(in_threads, 1, lambda: post(secret, body))
        assert entered.wait(20)
        second = post(secret, body)
        leave.set()
        (answer,) = first.result()
    assert problem(second) == (409, "idempotency-key-in-use")
    assert second["Retry-After"] == "1"
    assert answer.status_code == 201
    monkeypatch.undo()
    assert post(secret, body).content == answer.content


def test_a_response_lost_after_the_commit_is_replayed(committed, monkeypatch, settings):
    secret = committed.key("khyber")
    body = consent_body(Caller(secret).shown("newsletter"))
    settings.MIDDLEWARE = [f"{__name__}.LosesAnswers", *settings.MIDDLEWARE]
    assert post(secret, body).status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    settings.MIDDLEWARE = settings.MIDDLEWARE[1:]
    assert recorded(committed) == 1
    again = post(secret, body)
    assert (again.status_code, again["Idempotency-Replayed"]) == (201, "true")
    assert again.json()["events"][0]["id"] == str(committed.get(ConsentEvent, "khyber").id)


class LosesAnswers:
    """Middleware that fails after the response is committed."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        self.get_response(request)
        raise ConnectionResetError


def test_an_exception_after_the_act_rolls_back_the_act(committed, monkeypatch):
    secret = committed.key("khyber")
    body = consent_body(Caller(secret).shown("newsletter"))
    monkeypatch.setattr("paktaleem.foundation.web.api.idempotency._encrypt", lambda *_: 1 / 0)
    assert post(secret, body).status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert recorded(committed) == 0
    monkeypatch.undo()
    first = post(secret, body)
    assert first.status_code == 201
    assert "Idempotency-Replayed" not in first
