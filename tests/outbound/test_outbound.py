"""Outbound HTTP client: no connection to internal addresses, limits on time and size."""

import asyncio
import os
from contextlib import contextmanager
from threading import Event, Thread

import httpcore
import pytest
import requests
from hypothesis import given, strategies as st

from paktaleem.directory.webhooks.services import REFUSALS
from paktaleem.foundation.web.http_client import destinations
from paktaleem.foundation.web.http_client.client import (
    MAX_RESPONSE_BYTES,
    MOST_BYTES,
    Connection,
    Unreachable,
    open_guarded_session,
    post,
)
from paktaleem.foundation.web.http_client.destinations import DestinationRefused, is_public, parse_destination
from tests.console.pages import spread
from tests.outbound.listening import listener, saying, trust

# ruff: noqa: RUF001 -- letters that only look like dots


INSIDE = spread(
    {
        "loopback": "127.0.0.1 127.8.9.1 ::1",
        "private": "10.0.0.1 172.16.5.4 192.168.1.1 fc00::1 fd12:3456::1",
        "link-local, with a zone too, metadata, site-local": "169.254.1.1 169.254.169.254 fe80::1 fe80::1%1 fec0::1",
        "multicast": "224.0.0.1 ff02::1",
        "unspecified, this network": "0.0.0.0 0.1.2.3 ::",
        "carrier-grade NAT": "100.64.0.1 100.127.255.254",
        "documentation": "192.0.2.1 198.51.100.1 203.0.113.1 2001:db8::1 3fff::1",
        "benchmark": "198.18.0.1 198.19.255.254 2001:2::1",
        "protocol assignments, one anycast": "192.0.0.1 192.0.0.9",
        "reserved, broadcast": "240.0.0.1 255.255.255.255",
        "mapped, compatible": "::ffff:127.0.0.1 ::ffff:a00:1 ::127.0.0.1 ::a00:1",
        "6to4, of a public address too": "2002:7f00:1:: 2002:808:808::1",
        "NAT64, of a public address too, local": "64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1",
        "Teredo, discard, AS112, segment routing": "2001::1 100::1 192.175.48.1 5f00::1",
    }
)
SPELLINGS = {
    "decimal": "https://2130706433/",
    "octal": "https://017700000001/",
    "octal parts": "https://0177.0.0.1/",
    "hex": "https://0x7f000001/",
    "hex parts": "https://0x7f.0.0.1/",
    "short": "https://127.1/",
    "shorter": "https://127/",
    "zero": "https://0/",
    "leading zeros": "https://127.000.000.001/",
    "user information": "https://lms.example@127.0.0.1/",
    "user and password": "https://a:b@lms.example/",
    "trailing dot": "https://lms.example./",
    "trailing dot on an address": "https://127.0.0.1./",
    "ideographic full stop": "https://127。0。0。1/",
    "fullwidth full stop": "https://127．0．0．1/",
    "halfwidth full stop": "https://127｡0｡0｡1/",
    "enclosed letters": "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "localhost": "https://localhost/",
    "under localhost": "https://hooks.localhost/",
    "one label": "https://intranet/",
    "internal": "https://metadata.google.internal/",
    "mapped literal": "https://[::ffff:127.0.0.1]/",
    "plain http": "http://lms.example/",
    "another scheme": "gopher://lms.example/",
    "file": "file:///etc/passwd",
    "no scheme": "lms.example/hooks",
    "another port": "https://lms.example:5432/",
    "port zero": "https://lms.example:0/",
    "no port number": "https://lms.example:https/",
    "too large a port": "https://lms.example:70000/",
    "backslash": "https://lms.example\\@127.0.0.1/",
    "encoded dot": "https://127%2e0.0.1/",
    "space": "https://lms.example /",
    "line break": "https://lms.example/\r\nX: y",
    "fragment": "https://lms.example/#x",
    "nothing": "",
    "no host": "https:///hooks",
    "bracket": "https://[::1/",
    "very long": "https://lms.example/" + "a" * 2_000,
}


def run(coroutine):
    return asyncio.run(coroutine)


def resolving_to(*addresses):
    async def resolve(_host, _port):
        return list(addresses)

    return resolve


async def sent(url, **options):
    return await post(url, b"{}", {"Content-Type": "application/json"}, trust=trust(), **options)


@pytest.mark.parametrize("address", INSIDE)
def test_internal_addresses_are_not_public(address):
    assert not is_public(address)


@given(st.text(max_size=60))
def test_garbage_is_refused_and_breaks_nothing(text):
    for url in (text, f"https://{text}/"):
        try:
            taken = parse_destination(url)
        except DestinationRefused:
            continue
        assert taken.scheme == "https"
        assert taken.port in {443, 8443}
        assert is_public(taken.host) or "." in taken.host


@given(st.ip_addresses())
def test_nothing_is_public_that_python_knows_to_be_inside(address):
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450::1"])
def test_the_public_internet_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    ["https://lms.example/hooks?a=1", "https://lms.example:8443/", "https://xn--mgbh0fb.example/", "https://8.8.8.8/"],
)
def test_plain_addresses_are_taken(url):
    assert parse_destination(url).url == url


# With a listener that must see no connection


def connections_for(monkeypatch, *sendings):
    async def play():
        async with listener(saying(), tls_name="localhost") as inside:
            monkeypatch.setattr(destinations, "PORTS", {*destinations.PORTS, inside.port})
            for url, options in sendings:
                with pytest.raises(DestinationRefused):
                    await sent(url.replace("PORT", str(inside.port)), **options)
            return inside.connections

    return run(play())


@pytest.mark.parametrize("address", INSIDE)
def test_a_request_for_an_internal_address_reaches_no_listener(monkeypatch, address):
    literal = f"https://[{address}]:PORT/" if ":" in address else f"https://{address}:PORT/"
    named = ("https://lms.example:PORT/", {"resolve": resolving_to(address)})
    both = ("https://lms.example:PORT/", {"resolve": resolving_to("8.8.8.8", address)})
    assert connections_for(monkeypatch, (literal, {}), named, both) == 0


@pytest.mark.parametrize("url", SPELLINGS.values(), ids=SPELLINGS)
def test_a_request_for_an_internal_address_in_another_spelling_reaches_no_listener(monkeypatch, url):
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    there = f"{scheme}://{host}:PORT/{path}" if host and ":" not in host.rpartition("]")[2] else url
    refused = [(one, {"resolve": resolving_to("127.0.0.1")}) for one in {url, there}]
    assert connections_for(monkeypatch, *refused) == 0


def test_a_name_is_looked_up_once_and_its_judged_address_is_the_one_connected_to():
    asked = []

    async def changing(host, port):
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    async def play():
        async with listener(saying(), tls_name="lms.example") as there:
            answer = await sent(
                f"https://lms.example:{there.port}/", resolve=changing, allowed=[f"lms.example:{there.port}"]
            )
            return answer.status, there.connections

    assert run(play()) == (204, 1)
    assert len(asked) == 1


def test_a_redirect_is_an_answer_and_is_not_followed():
    async def play():
        async with listener(saying()) as inside:
            lure = saying("302 Found", b"", f"Location: http://127.0.0.1:{inside.port}/")
            async with listener(lure) as outside:
                url = f"http://127.0.0.1:{outside.port}/"
                answer = await sent(url, allowed=[f"127.0.0.1:{outside.port}"])
            return answer.status, inside.connections

    assert run(play()) == (302, 0)


def test_a_proxy_of_the_environment_is_not_used(monkeypatch):
    async def play():
        async with listener(saying()) as proxy, listener(saying()) as there:
            for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
                monkeypatch.setitem(os.environ, name, f"http://127.0.0.1:{proxy.port}")
            await sent(f"http://127.0.0.1:{there.port}/", allowed=[f"127.0.0.1:{there.port}"])
            return proxy.connections, there.connections

    assert run(play()) == (0, 1)


# Receivers


async def to(behave, **options):
    async with listener(behave) as there:
        url = f"http://127.0.0.1:{there.port}/"
        return await sent(url, allowed=[f"127.0.0.1:{there.port}"], **options)


def test_status_wish_and_a_little_of_the_body_come_back():
    answer = run(to(saying("429 Too Many Requests", b"x" * 100_000, "Retry-After: 120")))
    assert (answer.status, answer.retry_after, len(answer.body)) == (429, "120", MAX_RESPONSE_BYTES)


async def tarpit(_reader, writer):
    for letter in b"HTTP/1.1 200 OK\r\n" * 100:
        writer.write(bytes([letter]))
        await writer.drain()
        await asyncio.sleep(0.02)


async def dripping(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def silent(reader, _writer):
    await reader.read()


async def rude(_reader, writer):
    writer.transport.abort()


async def babbling(_reader, writer):
    writer.write(b"\x00\xff no HTTP at all\r\n\r\n")
    await writer.drain()


@pytest.mark.parametrize(("behave", "code"), [(tarpit, "timeout"), (dripping, "timeout"), (silent, "timeout")])
def test_a_slow_receiver_ends_at_the_bound(behave, code):
    with pytest.raises(Unreachable, match=code):
        run(to(behave, seconds=0.3))


@pytest.mark.parametrize("behave", [rude, babbling])
def test_a_receiver_that_speaks_no_http_is_unreachable(behave):
    with pytest.raises(Unreachable, match="protocol"):
        run(to(behave))


async def endless(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
    while True:
        writer.write(b"\x1f\x8b" * 30_000)
        await writer.drain()


def test_an_endless_answer_is_cut_and_not_unpacked():
    answer = run(to(endless))
    assert answer.body == b"\x1f\x8b" * (MAX_RESPONSE_BYTES // 2)


def test_a_port_without_a_listener_is_unreachable():
    with pytest.raises(Unreachable, match="connect"):
        run(sent("http://127.0.0.1:9/", allowed=["127.0.0.1:9"]))


def test_no_such_name():
    async def nothing(_host, _port):
        raise OSError

    with pytest.raises(Unreachable, match="dns"):
        run(sent("https://lms.example/", resolve=nothing))


@pytest.mark.parametrize(("behave", "name"), [(saying(), "elsewhere.example"), (babbling, None)])
def test_a_wrong_certificate_or_none_is_refused(behave, name):
    async def play():
        async with listener(behave, tls_name=name) as there:
            options = {"resolve": resolving_to("127.0.0.1"), "allowed": [f"lms.example:{there.port}"]}
            await sent(f"https://lms.example:{there.port}/", **options)

    with pytest.raises(Unreachable, match="tls"):
        run(play())


def test_a_certificate_of_an_unknown_authority_is_refused():
    async def play():
        async with listener(saying(), tls_name="lms.example") as there:
            url, allowed = f"https://lms.example:{there.port}/", [f"lms.example:{there.port}"]
            await post(url, b"", {}, allowed=allowed, resolve=resolving_to("127.0.0.1"))

    with pytest.raises(Unreachable, match="tls"):
        run(play())


REFUSED = [
    "https://lms.example/" + "a" * 3000,
    "https://lms.example:port/",
    "https://me@lms.example/",
    "http://lms.example/",
    "https://lms.example:444/",
    "https://127.0.0.1/",
    "https://lms/",
    "https://lms.localhost/",
]


@pytest.mark.parametrize("url", REFUSED)
def test_why_an_address_is_refused_is_known_to_the_catalogue(url):
    with pytest.raises(DestinationRefused) as refused:
        parse_destination(url, allowed=())
    assert str(refused.value) in REFUSALS


NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"


async def answering_for_ever(reader, writer):
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(NO_CONTENT)
        await writer.drain()


async def closing_after_two_requests(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(NO_CONTENT)
    await reader.readuntil(b"\r\n\r\n")


async def closing_unasked(reader, writer):
    await reader.readuntil(b"\r\n\r\n")


async def answering_outside_tls(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    os.write(writer.get_extra_info("socket").fileno(), NO_CONTENT)
    await reader.read()


async def answering_then_outside_tls(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(NO_CONTENT)
    await answering_outside_tls(reader, writer)


def statuses_of(number, behave):
    async def run():
        async with listener(behave) as found:
            allowed = [f"127.0.0.1:{found.port}"]
            async with Connection(f"http://127.0.0.1:{found.port}/", allowed=allowed) as connection:
                answers = [await connection.post(b"", {}) for _ in range(number)]
            return [answer.status for answer in answers], found.connections

    return asyncio.run(run())


def test_many_messages_share_a_connection():
    assert statuses_of(5, answering_for_ever) == ([204] * 5, 1)


@pytest.mark.parametrize("behave", [saying(), closing_after_two_requests], ids=["at once", "during the next request"])
def test_a_connection_that_the_receiver_closed_is_opened_again(behave):
    assert statuses_of(3, behave) == ([204] * 3, 3)


def posted_over_tls(number, behave):
    async def resolve(_host, _port):
        return ["127.0.0.1"]

    async def run():
        async with listener(behave, tls_name="lms.example") as found:
            url, allowed = f"https://lms.example:{found.port}/", [f"lms.example:{found.port}"]
            async with Connection(url, allowed=allowed, trust=trust(), resolve=resolve) as connection:
                return [(await connection.post(b"", {})).status for _ in range(number)]

    return asyncio.run(run())


def test_an_answer_outside_tls_is_no_response():
    with pytest.raises(Unreachable, match="tls"):
        posted_over_tls(1, answering_outside_tls)


def test_a_connection_whose_tls_breaks_later_is_opened_again():
    assert posted_over_tls(2, answering_then_outside_tls) == [204, 204]


def test_a_new_connection_that_breaks_is_not_tried_again():
    async def run():
        async with listener(closing_unasked) as found:
            allowed = [f"127.0.0.1:{found.port}"]
            async with Connection(f"http://127.0.0.1:{found.port}/", allowed=allowed) as connection:
                with pytest.raises(Unreachable, match="protocol"):
                    await connection.post(b"", {})
            return found.connections

    assert asyncio.run(run()) == 1


def test_the_address_is_checked_again_when_the_connection_is_opened_again(monkeypatch):
    addresses = iter(["93.184.216.34", "127.0.0.1"])

    async def resolve(_host, _port):
        return [next(addresses)]

    async def run():
        async with listener(saying(), tls_name="lms.example") as found:

            async def connect_here(_backend, _host, _port, *_args, **_kwargs):
                return await connect("127.0.0.1", found.port)

            connect = httpcore.AnyIOBackend().connect_tcp
            monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect_here)
            async with Connection("https://lms.example/", trust=trust(), resolve=resolve) as connection:
                assert (await connection.post(b"", {})).status == 204
                with pytest.raises(DestinationRefused):
                    await connection.post(b"", {})

    asyncio.run(run())


@contextmanager
def listening(behave):
    ready, done, found = Event(), Event(), []

    async def run():
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
