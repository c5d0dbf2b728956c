"""PgBouncer in transaction mode: two server connections for all, and no request sees another client's rows.

``POOL_REQUESTS`` sets the number of requests; the figures of docs/operator.md are of 5,000.
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connections

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.embedded.layout import APP
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.demo.supervision import running, web_program
from tests.database import template_ready
from tests.demo.running import PATIENCE, free_port
from tests.pooling import needs_pgbouncer, pooled
from tests.serving import HOST, KILLED_SERVER, call, environment_of_server, is_alive

pytestmark = needs_pgbouncer
REQUESTS = int(os.environ.get("POOL_REQUESTS", "200"))
COUNT = "SELECT count(*) FROM people_subject"
AT_ONCE = 16


def database():
    return str(connections.databases["default"]["NAME"])


def test_a_context_ends_with_its_transaction_on_a_shared_connection(committed):
    indus = str(committed.client_id("indus"))
    with pooled(template_ready(), size=1) as front:
        address = front.url(APP, database())
        with psycopg.connect(address, prepare_threshold=2) as one, psycopg.connect(address, prepare_threshold=2) as two:
            for _ in range(5):  # from the third on, as a prepared statement
                with one.transaction():
                    one.execute("SELECT set_config('paktaleem.client', %s, true)", [indus])
                    [(found,)] = one.execute(COUNT).fetchall()
                    [(server,)] = one.execute("SELECT pg_backend_pid()").fetchall()
                assert found > 0
                with two.transaction():
                    [(shared,)] = two.execute("SELECT pg_backend_pid()").fetchall()
                assert shared == server, "both use the one server connection"
                with pytest.raises(psycopg.DatabaseError), two.transaction():
                    two.execute(COUNT)
        with psycopg.connect(address, autocommit=True) as one, psycopg.connect(address, autocommit=True) as two:
            one.execute("SELECT set_config('paktaleem.client', %s, false)", [indus])
            leaked = two.execute(COUNT).fetchall()
        assert leaked == [(found,)], "a setting of the session would be seen by others: the test can see a leak"


@pytest.fixture
def portal(committed, monkeypatch, tmp_path):
    for name, value in environment_of_server().items():
        monkeypatch.setenv(name, value)
    port = free_port()
    command = [*web_program(HOST, port), "--workers", "8", "--application", KILLED_SERVER]
    with pooled(template_ready(), size=2) as front:
        monkeypatch.setenv("DATABASE_URL", front.url(APP, database()))
        with running([("web", command)], tmp_path) as [web]:
            ends_at = time.monotonic() + PATIENCE
            while not is_alive(port):
                web.check()
                assert time.monotonic() < ends_at
                time.sleep(0.05)
            yield lambda *request, **headers: call(port, *request, **headers)


def people_of(cast, code):
    with in_client(cast.client_id(code)):
        return set(Subject.objects.values_list("external_id", flat=True))


def test_requests_of_two_clients_through_two_connections_stay_apart(committed, portal):
    keys = {code: {"Authorization": f"Bearer {committed.key(code)}"} for code in ("indus", "khyber")}
    people = {code: people_of(committed, code) for code in keys}
    [person] = [name for name in people["indus"] if name == "lms-danish"]
    question = {
        "subject": {"type": "end_user", "id": person},
        "action": {"name": "process"},
        "resource": {"type": "purpose", "id": "newsletter"},
    }

    def ask(number):
        code = ("indus", "khyber")[number % 2]
        kind = number // 2 % 4
        if kind == 0:  # refused, and rolled back
            body = {"role": "student", "full_name": "\x07"}
            return portal("PUT", f"/api/v1/subjects/{person}", body, **keys[code])[0] == 400
        if kind == 1:
            listed = json.loads(portal("GET", "/api/v1/subjects", **keys[code])[2])
            return {one["external_id"] for one in listed["subjects"]} == people[code]
        status, _, body = portal("POST", "/access/v1/evaluation", question, **keys[code])
        is_unknown = json.loads(body)["context"]["reason"] == "subject_unknown"
        return status == 200 and is_unknown is (code == "khyber")

    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        right = list(threads.map(ask, range(REQUESTS)))
    sys.stderr.write(f"{REQUESTS / (time.monotonic() - began):.0f} requests a second through PgBouncer\n")
    assert right.count(False) == 0
