"""A process that stops before any statement of an order's life leaves nothing half done (security.md row 14)."""

import subprocess
import sys

import pytest
from django.utils import timezone

from paktaleem.directory.data_systems.models import Order
from paktaleem.foundation.tenancy.context import in_client
from tests.demo.running import PATIENCE, ROOT
from tests.faults.size import sized
from tests.faults.whole import assert_orders_are_whole
from tests.serving import environment_of_server
from tests.webhooks.receiving import make_endpoint

EVERY = sized(7, 1)
LEAST = 40 // EVERY
"""A life has more statements than this: the test would else try nothing."""


@pytest.fixture
def subscribed(committed):
    with in_client(committed.client_id("indus")):
        make_endpoint(committed, "indus", events=["order.*"], at=timezone.now())
    return committed


def test_an_order_stopped_before_any_statement_is_whole_and_goes_on(committed, subscribed, monkeypatch):
    for name, value in environment_of_server().items():
        monkeypatch.setenv(name, value)
    about = [committed.key("indus"), str(committed.client_id("indus")), str(committed.subject_id("danish"))]
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.life", *about, str(EVERY)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE * (10 if EVERY == 1 else 1),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    points = int(done.stdout)
    assert points > LEAST
    with in_client(committed.client_id("indus")):
        assert_orders_are_whole()
        states = list(Order.objects.values_list("state", flat=True))
        assert states == ["confirmed"] * (points + 2), "that of the first try, of each that died, and the last"
