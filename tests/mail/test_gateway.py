"""Text messages over HTTP: request, temporary and permanent failures, nothing personal in the log."""

import asyncio
import json
import logging

import pytest

from paktaleem.directory.mail.delivery import HttpProvider, ProviderNotConfigured, TextRejected, get_text_provider
from tests.outbound.listening import listener, trust

NUMBER, TEXT, REFERENCE = "+923001234567", "آپ کا کوڈ 4711", "0190b9f4-0000-7000-8000-000000000001"


class Gateway:
    """A gateway that records the request and returns a given response."""

    def __init__(self, status="202 Accepted", body=b'{"id": "m-1"}'):
        self.status, self.body, self.head, self.message = status, body, "", {}

    async def behave(self, reader, writer):
        self.head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(self.head.lower().partition("content-length:")[2].partition("\r\n")[0])
        self.message = json.loads(await reader.readexactly(length))
        writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: {len(self.body)}\r\n\r\n".encode() + self.body)
        await writer.drain()


@pytest.fixture
def ask(settings):
    """A function that sends one message to a local gateway."""

    def send(gateway):
        async def run():
            async with listener(gateway.behave, tls_name="localhost") as found:
                settings.TEXT_URL = f"https://localhost:{found.port}/v1/messages"
                provider = HttpProvider(allowed=[f"localhost:{found.port}"], trust=trust())
                return await asyncio.to_thread(provider.send, number=NUMBER, text=TEXT, reference=REFERENCE)

        return asyncio.run(run())

    settings.TEXT_KEY, settings.TEXT_SENDER = "key-of-the-gateway", "PakTaleem"
    return send


def test_a_message_is_posted_once_with_the_key_and_its_id_is_kept(ask):
    gateway = Gateway()
    assert ask(gateway) == "m-1"
    assert gateway.message == {"to": NUMBER, "text": TEXT, "reference": REFERENCE, "from": "PakTaleem"}
    assert gateway.head.startswith("POST /v1/messages HTTP/1.1\r\n")
    assert "Authorization: Bearer key-of-the-gateway\r\n" in gateway.head
    assert f'Idempotency-Key: "{REFERENCE}"\r\n' in gateway.head


def test_without_a_sender_none_is_named(ask, settings):
    settings.TEXT_SENDER = ""
    gateway = Gateway()
    ask(gateway)
    assert "from" not in gateway.message


@pytest.mark.parametrize(
    "body", [b"", b"OK", b"[]", b'{"id": null}', b'{"id": "a\\nb"}', b'{"id": "' + b"x" * 300 + b'"}']
)
def test_without_a_usable_id_the_header_keeps_its_own(ask, body):
    assert ask(Gateway("200 OK", body)) == REFERENCE


def test_a_number_may_be_an_id(ask):
    assert ask(Gateway("200 OK", b'{"id": 77}')) == "77"


@pytest.mark.parametrize("status", ["400 Bad Request", "422 Unprocessable Content"])
def test_a_message_at_fault_is_refused_for_good(ask, status):
    with pytest.raises(TextRejected):
        ask(Gateway(status))


@pytest.mark.parametrize(
    "status", ["401 Unauthorized", "404 Not Found", "429 Too Many Requests", "500 Oops", "302 Found"]
)
def test_everything_else_is_tried_again(ask, status):
    with pytest.raises(OSError, match=status[:3]):
        ask(Gateway(status))


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "http://gateway.example/", "https://gateway.invalid/"])
def test_an_address_that_the_http_client_refuses_is_reported_and_tried_again(settings, url):
    settings.TEXT_URL = url
    with pytest.raises(ConnectionError):
        HttpProvider().send(number=NUMBER, text=TEXT, reference=REFERENCE)


def test_who_does_not_answer_is_tried_again(settings):
    settings.TEXT_URL = "https://localhost:1/"
    with pytest.raises(OSError, match="connect"):
        HttpProvider(allowed=["localhost:1"]).send(number=NUMBER, text=TEXT, reference=REFERENCE)


def test_neither_number_nor_text_nor_key_is_logged(ask, caplog):
    caplog.set_level(logging.DEBUG)
    for status in ("202 Accepted", "500 Oops"):
        try:
            ask(Gateway(status))
        except OSError:
            continue
    assert "'status': 500" in caplog.text
    for secret in (NUMBER, NUMBER[3:], "4711", "key-of-the-gateway"):
        assert secret not in caplog.text


def test_without_a_gateway_there_is_no_provider(settings):
    settings.TEXT_URL, settings.TEXT_PROVIDER = "", "paktaleem.directory.mail.delivery.HttpProvider"
    with pytest.raises(ProviderNotConfigured):
        get_text_provider().send(number=NUMBER, text=TEXT, reference=REFERENCE)
