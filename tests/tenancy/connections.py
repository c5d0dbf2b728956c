"""Connections to the test database as any role, without Django and the guard."""

from typing import Any
from uuid import UUID

import psycopg
from django.db import connections

from tests.database import template_ready

Door = psycopg.Connection[Any]


def enter(role: str, **options: Any) -> Door:
    """Connect as a role to the database of Django's default connection."""
    endpoint = template_ready()
    return psycopg.connect(
        **{
            "host": endpoint.host,
            "port": endpoint.port,
            "dbname": str(connections.databases["default"]["NAME"]),
            "user": role,
            "password": endpoint.passwords[role],
            **options,
        }
    )


def become_client(door: Door, client_id: UUID) -> None:
    """Set the client of this transaction, as ``in_client`` does."""
    door.execute("SELECT set_config('paktaleem.client', %s, true)", [str(client_id)])


def become_officer(door: Door) -> None:
    """Switch this transaction to the officer role, as ``as_officer`` does."""
    door.execute("SELECT set_config('role', 'paktaleem_officer', true)")


def rows(door: Door, sql: str, parameters: Any = None) -> list[Any]:
    return door.execute(sql, parameters).fetchall()


def become_limited(door: Door, client_id: UUID, *schools: UUID) -> None:
    """Switch this transaction to the role of staff limited to these schools, as ``in_client(…, schools=…)`` does."""
    become_client(door, client_id)
    door.execute("SELECT set_config('paktaleem.schools', %s, true)", [f"{{{','.join(map(str, schools))}}}"])
    door.execute("SELECT set_config('role', 'paktaleem_limited', true)")


def become_app(door: Door) -> None:
    """Switch this transaction back to the app role; the client stays set."""
    door.execute("SELECT set_config('role', 'none', true)")
