"""A long list is sent by the served portal: others are answered meanwhile, and a cut file does not look whole."""

import csv
import http.client
import io
from contextlib import closing, contextmanager

import psycopg
import pytest
from django.db import connections

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.embedded.layout import SUPERUSER
from paktaleem.foundation.tenancy.context import in_client
from tests.console.test_exports import PEOPLE, plant
from tests.database import template_ready
from tests.serving import HOST, call, served
from tests.signing_in import browser_of

TOKEN = "a" * 32
PARTS = 3


@pytest.fixture
def port(committed, tmp_path):
    with served(tmp_path) as port:
        yield port


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
