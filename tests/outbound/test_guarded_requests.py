"""Libraries that use ``requests`` send through our HTTP client: its checks, its limits, no redirects."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
import requests

from paktaleem.foundation.web.http_client.client import MOST_BYTES, open_guarded_session
from tests.outbound.listening import Behaviour, Listener, listener, saying


@contextmanager
def listening(behave: Behaviour) -> Iterator[Listener]:
    """Listen in a thread of its own, as ``requests`` blocks this one."""
    ready, done, found = Event(), Event(), []

    async def run() -> None:
        async with listener(behave) as server:
            found.append(server)
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = Thread(target=asyncio.run, args=(run(),))
    thread.start()
    ready.wait()
    try:
        yield found[0]
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "https://127.0.0.1:{port}/", "https://localhost/"])
def test_an_internal_address_is_refused_before_a_connection(url):
    with listening(saying("200 OK")) as server, open_guarded_session(allowed=(), seconds=5) as session:
        with pytest.raises(requests.exceptions.InvalidURL):
            session.get(url.format(port=server.port))
        assert server.connections == 0


def test_an_allowed_address_answers_and_its_redirect_is_not_followed():
    body = b'{"answer": true}'
    with listening(saying("200 OK", body, "Content-Type: application/json")) as server:
        address = f"127.0.0.1:{server.port}"
        with open_guarded_session(allowed=[address], seconds=5) as session:
            answer = session.post(f"http://{address}/token", data={"code": "1"}, timeout=3)
    assert (answer.status_code, answer.json(), answer.headers["content-type"]) == (
        200,
        {"answer": True},
        "application/json",
    )
    with listening(saying("302 Found", b"", "Location: http://169.254.169.254/")) as server:
        address = f"127.0.0.1:{server.port}"
        with open_guarded_session(allowed=[address], seconds=5) as session:
            assert session.get(f"http://{address}/").status_code == 302


def test_a_response_is_read_up_to_its_limit_and_no_answer_is_a_connection_error():
    with listening(saying("200 OK", b"x" * (2 * MOST_BYTES))) as server:
        address = f"127.0.0.1:{server.port}"
        with open_guarded_session(allowed=[address], seconds=5) as session:
            assert len(session.get(f"http://{address}/").content) == MOST_BYTES
    with open_guarded_session(allowed=[address], seconds=5) as session, pytest.raises(requests.ConnectionError):
        session.get(f"http://{address}/")
