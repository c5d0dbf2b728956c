"""An order about very many people: one statement, fetched in pages, with constant memory.

ORDERS=100000 runs the size of the issue; the suite runs a few thousand.
"""

import os
import time
import tracemalloc
from datetime import timedelta

from django.db import connection

from paktaleem.directory.data_systems.selectors import is_set_intact, list_orders_of_system
from paktaleem.directory.data_systems.services.fulfilment import hand_over
from paktaleem.directory.data_systems.services.issuing import issue_orders, issue_orders_for_set
from paktaleem.directory.people.models import Subject
from tests.factories import SETTING_UP

PEOPLE = int(os.environ.get("ORDERS", "3000"))
PAGE = 200
MOST_MEMORY = 8_000_000
"""Bytes of Python's own at the most, whatever the number; the rows of 100,000 orders would be many times that."""

_PEOPLE = """
INSERT INTO subjects_subject (id, client_id, external_id, role, language, is_enabled, registered_at, changed_at)
SELECT gen_random_uuid(), %(client)s, 'many-' || n, 'learner', 'en', true, %(at)s, %(at)s
FROM generate_series(1, %(people)s) n
"""


def test_a_set_of_any_size_is_issued_in_constant_memory(cast, indus, lms, spec, now, capsys):  # noqa: PLR0917 -- fixtures
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, {"client": indus.id, "at": now - timedelta(days=9), "people": PEOPLE})
    people, asked = Subject.objects.filter(role="learner"), spec(categories=("usage_logs",))
    tracemalloc.start()
    began = time.perf_counter()
    made = issue_orders_for_set(people, asked, client_id=indus.id, actor=SETTING_UP, at=now)
    issued = time.perf_counter() - began
    taken = sum(len(page) for page in taken_in_pages(lms, cast.key_actor("indus"), now))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert made is not None
    assert taken == made.size == PEOPLE
    assert is_set_intact(made)
    assert most < MOST_MEMORY
    took = f"{issued:.1f} s by one statement, {time.perf_counter() - began:.1f} s with taking them"
    with capsys.disabled():
        if "ORDERS" in os.environ:
            print(f"\n{PEOPLE:,} orders: {took}; at most {most / 1e6:.1f} MB of Python's own")  # noqa: T201 -- the measured numbers, for the reader of the run


def test_a_plan_for_an_empty_table_is_not_reused_for_large_sets(cast, indus, lms, spec, now):
    asked = spec(categories=("usage_logs",))
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, {"client": indus.id, "at": now - timedelta(days=9), "people": 300})
        cursor.execute("DISCARD PLANS")
        cursor.execute(_INDEXES, {"used": "off"})  # as if the table were empty
        for _ in range(8):  # it is planned anew five times, then kept
            issue_orders(cast.subject("danish"), asked, actor=SETTING_UP, at=now)
        cursor.execute(_INDEXES, {"used": "on"})
        before = whole_reads(cursor)
        issue_orders_for_set(
            Subject.objects.filter(role="learner"), asked, client_id=indus.id, actor=SETTING_UP, at=now
        )
        assert whole_reads(cursor) - before < 10


_INDEXES = "SELECT set_config('enable_indexscan', %(used)s, true), set_config('enable_bitmapscan', %(used)s, true)"


def whole_reads(cursor):
    """Return how often this transaction has scanned the whole orders table."""
    cursor.execute("SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'systems_order'")
    return cursor.fetchone()[0]


def taken_in_pages(system, key, at):
    """Fetch all orders as a system does: page by page, each handed over."""
    last = None
    while True:
        ready = list_orders_of_system(system, actor=key).ready(at)
        page = list((ready.filter(pk__gt=last) if last else ready)[:PAGE])
        if not page:
            return
        hand_over(page, system=system, client_id=system.client_id, actor=key, at=at)
        yield page
        last = page[-1].pk
