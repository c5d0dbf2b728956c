"""Bodies on the wire, to the real server: one that was sent is never taken for none, and never read in part."""

import asyncio
import json
import socket
import time
from contextlib import ExitStack
from functools import cache
from typing import Any

import pytest

from consent.consents.models import ConsentEvent
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.web.public.request_bodies import REFUSED, WholeRequests
from tests.api.callers import Caller, question
from tests.serving import HOST, served

WITHDRAW = "/api/v1/subjects/lms-kiran/consents/newsletter/withdraw"
EVALUATION = "/access/v1/evaluation"
JSON = {"Content_Type": "application/json"}
SPOKEN = {"method": "phone", "evidence": "called at ten"}


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """Start the server when it is first wanted, and keep it for all tests here; each test has its rows put back."""
    with ExitStack() as kept:
        yield cache(lambda: kept.enter_context(served(tmp_path_factory.mktemp("logs"), BODY_SECONDS="1")))


@pytest.fixture
def port(committed, started):
    return started()


@pytest.fixture
def key(committed):
    secret = committed.key("khyber")
    assert Caller(secret).consent("lms-kiran", "newsletter").status_code == 201
    return secret


def send(port: int, path: str, *parts: bytes, key: str = "", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Send the head of a request and parts of a body as they are; returns what is answered."""
    told = {"Host": f"{HOST}:{port}", "Authorization": f"Bearer {key}", "Connection": "close"}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    with socket.create_connection((HOST, port), timeout=20) as wire:
        wire.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode())
        for part in parts:
            wire.sendall(part)
        return read_answer(wire)


def read_answer(wire: socket.socket) -> tuple[int, dict[str, str], bytes]:
    received = b""
    while b"\r\n\r\n" not in received:
        received += wire.recv(65536) or pytest.fail(f"the connection ended: {received!r}")
    head, _, content = received.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    while len(content) < int(headers["content-length"]):
        content += wire.recv(65536)
    return int(status.split()[1]), headers, content


def chunked(body: bytes, size: int = 7) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])


def post_chunked(port: int, path: str, body: Any, key: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    told = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"} | headers
    return send(port, path, chunked(body if isinstance(body, bytes) else json.dumps(body).encode()), key=key, **told)


def last_event(cast: Any) -> tuple[str, str]:
    with in_client(cast.client_id("khyber")):
        event = ConsentEvent.objects.order_by("pk").last()
        assert event
        return event.state, event.method


@pytest.mark.parametrize("beside", [{}, {"Content-Length": "0"}], ids=["alone", "beside a length"])
def test_a_withdrawal_sent_in_chunks_is_read_completely(committed, key, port, beside):
    status, _, _ = post_chunked(port, WITHDRAW, SPOKEN, key, **beside)
    assert (status, last_event(committed)) == (200, ("withdrawn", "phone"))


def test_an_evaluation_sent_in_chunks_is_read_completely(key, port):
    status, _, content = post_chunked(port, EVALUATION, question("lms-kiran", "newsletter"), key)
    assert status == 200, content
    assert json.loads(content)["context"]["reason"] == "permitted"


def test_a_body_that_is_too_large_is_413_with_and_without_a_length(committed, key, port):
    large = chunked(json.dumps({"evidence": "x" * 1_100_000}).encode(), 65_536)
    for path in (WITHDRAW, EVALUATION):
        assert send(port, path, large, key=key, **JSON, Transfer_Encoding="chunked")[0] == 413
        assert send(port, path, key=key, **JSON, Content_Length="20000000")[0] == 413
    assert last_event(committed)[0] == "given"


UNSURE = {
    "nothing in it": (chunked(b""), JSON),
    "a form": (chunked(b"method=phone"), {"Content_Type": "application/x-www-form-urlencoded"}),
    "no type": (chunked(b"{}"), {}),
    "broken after a part": (b"1\r\n{\r\nnonsense", JSON),
    "broken at once": (b"nonsense", JSON),
    "compressed": (chunked(b"{}"), JSON | {"Transfer_Encoding": "gzip, chunked"}),
}


def test_broken_or_empty_chunks_withdraw_nothing(committed, key, port):
    for case, (body, headers) in UNSURE.items():
        status, _, _ = send(port, WITHDRAW, body, key=key, **{"Transfer_Encoding": "chunked"} | headers)
        assert status in {400, 411}, case
    assert last_event(committed)[0] == "given"


def test_a_body_of_another_type_is_refused_and_not_ignored(committed, key, port):
    for body in (b"[]", b"0", b'""', b"false", b"null"):
        status, _, _ = send(port, WITHDRAW, body, key=key, **JSON, Content_Length=str(len(body)))
        assert (status, last_event(committed)[0]) == (400, "given"), body
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        typed = {"Content_Type": kind} if kind else {}
        status, _, _ = send(port, WITHDRAW, b'{"method": "phone"}', key=key, Content_Length="19", **typed)
        assert (status, last_event(committed)[0]) == (415, "given"), kind


def test_a_request_without_a_body_is_a_withdrawal_by_the_person_in_the_lms(committed, key, port):
    assert send(port, WITHDRAW, key=key)[0] == 200
    assert send(port, WITHDRAW, key=key, Content_Length="0")[0] == 200
    assert last_event(committed) == ("withdrawn", "lms")


def test_an_incomplete_body_times_out_and_others_are_served(committed, key, port):
    for path in (WITHDRAW, EVALUATION, "/privacy/"):
        for headers in ({"Content_Length": "40"}, {"Transfer_Encoding": "chunked"}):
            begun = time.monotonic()
            status, answered, _ = send(port, path, b"2\r\n{}\r\n", key=key, **JSON, **headers)
            assert (status, answered["cache-control"]) == (408, "no-store")
            assert time.monotonic() - begun < 8
            assert send(port, EVALUATION, key=key, Content_Length="0")[0] == 400
    assert last_event(committed)[0] == "given"


def test_refusals_have_the_format_of_their_api(key, port):
    status, headers, content = send(port, WITHDRAW, key=key, Transfer_Encoding="chunked")
    assert (status, headers["content-type"]) == (411, "application/problem+json")
    assert headers["x-request-id"]
    assert json.loads(content)["type"] == "urn:paktaleem:problem:length-required"
    status, headers, content = send(port, EVALUATION, key=key, Transfer_Encoding="chunked")
    assert (status, headers["content-type"]) == (411, "text/plain; charset=utf-8")
    assert headers["x-request-id"]


def test_over_http_2_a_body_without_a_length_is_read_only_if_json():
    body, environ = handed_on(b'{"a": 1}', CONTENT_TYPE="application/json")
    assert (body, environ["CONTENT_LENGTH"], environ.get(REFUSED)) == (b'{"a": 1}', "8", None)
    for sent, more in ((b"a=1", {}), (b"", {"CONTENT_TYPE": "application/json"})):
        body, environ = handed_on(sent, **more)
        assert (body, environ[REFUSED].status) == (b"", 411)


def test_a_body_that_ends_early_is_refused():
    body, environ = handed_on(b"choice=gi", version="1.1", CONTENT_LENGTH="12")
    assert (body, environ[REFUSED].code) == (b"", "body-incomplete")


def test_a_caller_who_stalls_is_cut_also_if_no_answer_can_be_sent(settings: Any) -> None:
    settings.BODY_SECONDS = 0.0

    def portal(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("408 Request Timeout", [])
        return []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def send(_message: dict[str, Any]) -> None:
        raise ConnectionResetError

    serving = WholeRequests(portal)
    with pytest.raises(ConnectionResetError):
        asyncio.run(serving(scope_of("1.1", {"CONTENT_LENGTH": "40"}), receive, send))
    assert [*serving._stalled] == [(HOST, 1)]


def handed_on(sent: bytes, *, version: str = "2", **headers: str) -> tuple[bytes, dict[str, Any]]:
    """Give a request to the application that reads; returns what the portal behind it gets."""
    seen: list[dict[str, Any]] = []

    def portal(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ)
        start_response("200 OK", [])
        return []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": sent, "more_body": False}

    async def discard(_message: dict[str, Any]) -> None:
        pass

    asyncio.run(WholeRequests(portal)(scope_of(version, headers), receive, discard))
    return seen[0]["wsgi.input"].read(), seen[0]


def scope_of(version: str, headers: dict[str, str]) -> dict[str, Any]:
    named = [(name.lower().replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    about = {"type": "http", "method": "POST", "scheme": "http", "raw_path": b"/", "query_string": b""}
    return about | {"http_version": version, "headers": named, "server": (HOST, "80"), "client": (HOST, "1")}
