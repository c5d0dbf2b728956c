"""Two hundred connections that send slowly, or stop in the middle, do not stop the portal and are ended."""

import http.client
import json
import socket
import threading
from contextlib import ExitStack
from itertools import cycle

import pytest

from tests.api.callers import Caller, question
from tests.serving import HOST, served

HEAD = b"POST /access/v1/evaluation HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
BEGINNINGS = (
    b"",
    b"POST /access/v1/eva",
    HEAD,
    HEAD + b"Content-Length: 500\r\n\r\n",
    HEAD + b"Content-Length: 500\r\n\r\n{{{{",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: ",
)
CALLERS = 200
SOON = 15


@pytest.fixture
def port(committed, tmp_path):
    with served(tmp_path) as port:
        yield port


def ask(port, method, path, body=None, key=""):
    connection = http.client.HTTPConnection(HOST, port, timeout=SOON)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    try:
        connection.request(method, path, body and json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def drip(wires, ended):
    """Send one more byte on half of the connections, again and again."""
    while not ended.wait(0.2):
        for wire in wires[::2]:
            try:
                wire.sendall(b"x")
            except OSError:
                continue


def test_decisions_are_answered_beside_slow_half_open_and_dripping_callers(committed, port):
    key = committed.key("khyber")
    assert Caller(key).consent("lms-kiran", "newsletter").status_code == 201
    ended = threading.Event()
    with ExitStack() as held:
        wires = [held.enter_context(socket.create_connection((HOST, port), timeout=60)) for _ in range(CALLERS)]
        for wire, beginning in zip(wires, cycle(BEGINNINGS), strict=False):
            wire.sendall(beginning)
        dripping = threading.Thread(target=drip, args=(wires, ended))
        dripping.start()
        held.callback(dripping.join)
        held.callback(ended.set)
        for _ in range(5):
            assert ask(port, "GET", "/healthz")[0] == 200
            status, content = ask(port, "POST", "/access/v1/evaluation", question("lms-kiran", "newsletter"), key)
            assert (status, json.loads(content)["decision"]) == (200, True)
        ended.set()
        assert [is_ended(wire) for wire in wires] == [True] * CALLERS, "each is cut, so that none lasts"


def is_ended(wire):
    try:
        while wire.recv(65536):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True
