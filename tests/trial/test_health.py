"""Liveness and readiness endpoints."""

from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from paktaleem.foundation.tenancy import operations
from tests.database import leave_database


@pytest.fixture
def no_database(monkeypatch):
    """Point Django at a port without a server."""
    leave_database()
    for name, value in (("HOST", "127.0.0.1"), ("PORT", "1")):
        monkeypatch.setitem(connections.databases["default"], name, value)
    yield
    leave_database()


def test_alive_asks_no_database(client, django_db_blocker, no_database):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})
    assert "no-store" in answer["Cache-Control"]


def test_ready_when_the_database_has_every_migration(client, db):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
    assert "no-store" in answer["Cache-Control"]


def test_not_ready_while_a_migration_is_missing(client, db, monkeypatch):
    monkeypatch.setattr(operations, "_known_migrations", lambda: {("consent", "9999_coming")})
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["reason"]) == (503, "migrations_missing")


def test_not_ready_without_a_database(client, committed, no_database):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["reason"]) == (503, "database_unreachable")
    assert "127.0.0.1" not in answer.content.decode()


@pytest.mark.parametrize(("seconds", "status"), [(-3, 503), (-1, 200), (1, 200), (3, 503)])
def test_not_ready_where_the_clock_is_not_the_databases(client, db, time_machine, seconds, status):
    time_machine.move_to(timezone.now() + timedelta(seconds=seconds))
    answer = client.get("/readyz")
    assert answer.status_code == status
    assert answer.json().get("reason") == ("clock_differs" if status == 503 else None)


def test_no_one_can_write_there(client, db):
    assert client.post("/healthz").status_code == 405
    assert client.post("/readyz").status_code == 405
