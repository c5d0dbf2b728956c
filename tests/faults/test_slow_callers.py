"""Slow senders do not stop the portal and are ended; a long list is sent beside other requests."""

import csv
import http.client
import io
import json
import socket
import threading
from contextlib import ExitStack, closing, contextmanager
from itertools import cycle

import psycopg
import pytest
from django.db import connections

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.embedded.layout import SUPERUSER
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller, question
from tests.console.test_exports import PEOPLE, plant
from tests.database import template_ready
from tests.serving import HOST, call, served
from tests.signing_in import browser_of

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
TOKEN = "a" * 32
PARTS = 3


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


@contextmanager
def exporting(committed, port):
    cookies = {name: one.value for name, one in browser_of(committed.user("farah")).cookies.items()}
    cookie = "; ".join(f"{name}={value}" for name, value in {**cookies, "csrftoken": TOKEN}.items())
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    with closing(http.client.HTTPConnection(HOST, port, timeout=60)) as wire:
        wire.request("POST", PEOPLE, f"csrfmiddlewaretoken={TOKEN}&format=csv&reason=review", headers)
        with wire.getresponse() as answer:
            yield answer


def test_a_long_list_is_sent_whole_beside_other_requests_and_a_cut_one_is_noticed(committed, port):
    for part in range(PARTS):
        plant(committed, [f"lms-many-{part}-{number}" for number in range(5_000)])
    with exporting(committed, port) as answer:
        begun = answer.read(10_000)
        assert call(port, "GET", "/readyz")[0] == 200
        rows = list(csv.reader(io.StringIO((begun + answer.read()).decode("utf-8-sig"))))[1:]
    with in_client(committed.client_id("indus")):
        assert {row[0] for row in rows} == set(map(str, Subject.objects.values_list("pk", flat=True)))
    with exporting(committed, port) as answer:
        answer.read(10_000)
        end_sessions()
        with pytest.raises(http.client.IncompleteRead):
            answer.read()


def end_sessions():
    name = connections.databases["default"]["NAME"]
    with psycopg.connect(template_ready().url(SUPERUSER, str(name)), autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            [str(name)],
        )
