"""A database that hangs, or whose packets are dropped: requests fail within seconds, and /healthz is answered."""

import csv
import http.client
import io
import json
import signal
import socket
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from itertools import cycle
from types import SimpleNamespace

import psutil
import psycopg
import pytest
from django.db import connections
from psycopg import OperationalError

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.embedded.layout import APP, SUPERUSER
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.database import waiting
from tests.api.callers import Caller, question
from tests.console.test_exports import PEOPLE, plant
from tests.database import template_ready
from tests.serving import HOST, call, environment_of_server, served
from tests.signing_in import browser_of
from tests.tenancy.connections import enter

SOON = 10
"""Longest answer that counts as soon, on a busy machine; a hang of the database lasts until the test ends it."""


@pytest.fixture
def key(committed):
    secret = committed.key("khyber")
    assert Caller(secret).consent("lms-kiran", "newsletter").status_code == 201
    return secret


@pytest.fixture
def relay(committed):
    relay = Relay(template_ready())
    yield relay
    relay.close()


class Relay:
    """A network between the portal and PostgreSQL that can fail."""

    def __init__(self, endpoint):
        self.target = (endpoint.host, endpoint.port)
        self.is_dropping = False
        self.listening = socket.create_server((HOST, 0))
        self.port = self.listening.getsockname()[1]
        self.open = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listening.accept()
                far = socket.create_connection(self.target)
            except OSError:
                return
            self.open += [near, far]
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=pair, daemon=True).start()

    def pump(self, source, sink):
        try:
            while data := source.recv(65536):
                if not self.is_dropping:
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def close(self):
        for wire in (self.listening, *self.open):
            wire.close()


@contextmanager
def stopped(endpoint):
    leader = psutil.Process(endpoint.pid)
    processes = [leader, *leader.children(recursive=True)]
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in reversed(processes):  # the server last: it then forgets those that were ending
            process.send_signal(signal.SIGCONT)


def ask(port, method, path, body=None, **headers):
    connection = http.client.HTTPConnection(HOST, port, timeout=SOON)
    try:
        connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"} | headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def decide(port, key):
    body = question("lms-kiran", "newsletter")
    return ask(port, "POST", "/access/v1/evaluation", body, Authorization=f"Bearer {key}")


def check_failing_soon(port, key):
    authorized = {"Authorization": f"Bearer {key}"}
    results = []

    def collect(*request):
        results.append((request[1], ask(port, *request, **authorized)))

    requests = [
        ("POST", "/access/v1/evaluation", question("lms-kiran", "newsletter")),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/api/v1/purposes"),
        ("PUT", "/api/v1/subjects/lms-new", {"role": "learner"}),
        ("GET", "/privacy/khyber/"),
        ("GET", "/healthz"),
    ]
    threads = [threading.Thread(target=collect, args=request) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == len(requests), "one of them was not answered soon"
    for path, (status, headers, _) in results:
        assert status == (200 if path == "/healthz" else 503), path
        assert path in {"/healthz", "/readyz"} or headers["Retry-After"]


def check_serving_again(port, key):
    ends_at = time.monotonic() + 60
    while (status := decide(port, key)[0]) != 200:
        assert time.monotonic() < ends_at, status
        time.sleep(0.2)


def test_psycopg_resumes_a_waiting_statement_so_that_it_can_be_ended(committed, monkeypatch):
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(waiting._State, "silent_until", 0.0)
    with closing(enter(APP)) as link:
        monkeypatch.setattr(link, "wait", partial(waiting.wait, SimpleNamespace(is_deciding=False), link, link.wait))
        assert link.execute("SELECT 1").fetchone() == (1,), "a statement that is answered is not ended"
        monkeypatch.setattr(waiting, "_is_answering", lambda _: False)
        with pytest.raises(OperationalError):
            link.execute("SELECT pg_sleep(%s)", [SOON])
        assert link.closed


def test_a_stopped_database_fails_requests_within_seconds(key, tmp_path):
    with served(tmp_path) as port:
        assert decide(port, key)[0] == 200
        with stopped(template_ready()):
            check_failing_soon(port, key)
            check_failing_soon(port, key)
        check_serving_again(port, key)


def test_dropped_packets_fail_requests_within_seconds(key, relay, tmp_path):
    address = template_ready().url(APP, "")
    there = address[address.rindex("@") : address.rindex("/")]
    database = environment_of_server()["DATABASE_URL"].replace(there, f"@{HOST}:{relay.port}")
    with served(tmp_path, DATABASE_URL=database) as port:
        assert decide(port, key)[0] == 200
        relay.is_dropping = True
        check_failing_soon(port, key)
        relay.is_dropping = False
        check_serving_again(port, key)


# Slow senders do not stop the portal and are ended; a long list is sent beside other requests.


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
SLOWLY = 15
TOKEN = "a" * 32
PARTS = 3


@pytest.fixture
def port(committed, tmp_path):
    with served(tmp_path) as port:
        yield port


def ask_slowly(port, method, path, body=None, key=""):
    connection = http.client.HTTPConnection(HOST, port, timeout=SLOWLY)
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
            assert ask_slowly(port, "GET", "/healthz")[0] == 200
            status, content = ask_slowly(
                port, "POST", "/access/v1/evaluation", question("lms-kiran", "newsletter"), key
            )
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
