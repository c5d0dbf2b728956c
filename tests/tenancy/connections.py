"""Connections to the test database as any role, without Django and the guard."""

from typing import Any

import psycopg
from django.db import connections

from tests.database import template_ready

Door = psycopg.Connection[Any]


def enter(role, **options):
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


def become_client(door, client_id):
    door.execute("SELECT set_config('paktaleem.client', %s, true)", [str(client_id)])


def become_officer(door):
    door.execute("SELECT set_config('role', 'paktaleem_officer', true)")


def rows(door, sql, parameters=None):
    return door.execute(sql, parameters).fetchall()


def become_limited(door, client_id, *schools):
    become_client(door, client_id)
    door.execute("SELECT set_config('paktaleem.schools', %s, true)", [f"{{{','.join(map(str, schools))}}}"])
    door.execute("SELECT set_config('role', 'paktaleem_limited', true)")


def become_app(door):
    door.execute("SELECT set_config('role', 'none', true)")
