"""Processes killed (SIGKILL) while they send, fetch, sweep and order lose no order and do none twice."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import timedelta
from functools import partial
from itertools import cycle, pairwise
from random import Random
from typing import Any

import psutil
import pytest
from django.db import connection
from django.db.models import Count
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from integrations.minilms.store import Store
from paktaleem.directory.data_systems.models import Order, OrderSet
from paktaleem.directory.data_systems.services.issuing import issue_orders
from paktaleem.directory.webhooks.models import Attempt, Delivery, EndpointHealth, Message
from paktaleem.directory.webhooks.tasks import PUMP
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.operations.tasks import RETRY_STALLED
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.office.demo.supervision import running, web_program
from retention.disposals.models import Batch, Item
from retention.disposals.services.batches import approve_disposal, start_sweep
from tests.data_systems.ending import is_set_intact
from tests.demo.running import PATIENCE, ROOT, free_port
from tests.factories import CAST_AT, SETTING_UP, OrderSpecFactory, SubjectFactory
from tests.faults.killing import run_killed
from tests.faults.size import sized
from tests.faults.whole import assert_orders_are_whole
from tests.minilms.connecting import Platform
from tests.retention.disposals.steps import lms, rule_for
from tests.serving import HOST, KILLED_SERVER, environment_of_server, is_alive, serving
from tests.waiting import wait_until, wait_until_served
from tests.webhooks.receiving import make_endpoint

ORDERS = sized(40, 2_000)
KILLS = sized(4, 28)
VICTIMS = ("worker", "web", "receiver", "poll")
SEED = 20261001
WORKER = [sys.executable, "manage.py", "procrastinate", "worker", "--shutdown-graceful-timeout", "1"]
HOLDINGS, CHUNK, SWEEPS = sized(400, 100_000), sized(20, 500), sized(2, 30)
AT = CAST_AT + timedelta(days=100)
PEOPLE_AND_HOLDINGS = """
WITH made AS (
    INSERT INTO people_subject (id, client_id, external_id, role, language, full_name, is_enabled, registered_at,
        changed_at)
    SELECT gen_random_uuid(), %(client)s, 'many-' || n, 'student', 'en', '\\xabab'::bytea, true, %(at)s, %(at)s
    FROM generate_series(1, %(holdings)s) n
    RETURNING id
)
INSERT INTO holdings_holding (id, client_id, subject_id, category, system_id, system_owner, occasions, purposes, count,
    first_collected_at, last_collected_at)
SELECT gen_random_uuid(), %(client)s, id, 'contact_details', %(system)s, %(client)s, '[]', '["newsletter"]', 1,
    %(at)s, %(at)s
FROM made
"""
EVERY = sized(7, 1)
LEAST = 40 // EVERY


class Processes:
    """The processes beside the test, by name: started, killed and restarted, or ended."""

    def __init__(self, ways, lms):
        self.ways, self.lms, self.running = ways, lms, {}

    def start(self, name):
        stack = ExitStack()
        self.running[name] = (stack.enter_context(self.ways[name]()), stack)

    def kill(self, name):
        child, stack = self.running.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)
        stack.close()

    def end(self, *names):
        for name in names:
            self.running.pop(name)[1].close()


@pytest.fixture
def processes(committed, monkeypatch, tmp_path):
    lms, port = Platform(tmp_path, committed.key("khyber")), free_port()
    for name, value in (environment_of_server() | {"WEBHOOKS_ALLOWED": lms.address}).items():
        monkeypatch.setenv(name, value)
    ways = {
        "web": partial(serving, tmp_path / "web", port),
        "worker": partial(working, tmp_path / "worker"),
        "receiver": lms.receiving,
        "poll": partial(lms.running, "orders"),
    }
    beside = Processes(ways, lms)
    try:
        beside.start("web")
        lms.connect(port)
        with closing(Store(lms.file)) as store, store.transaction():
            for number in range(ORDERS):
                store.do("INSERT INTO record VALUES (?, 'usage_logs', '1')", person(number))
        for name in ("receiver", "worker"):
            beside.start(name)
        yield beside
    finally:
        beside.end(*beside.running)


@contextmanager
def working(logs):
    with running([("worker", WORKER)], logs) as [child]:
        yield child


def person(number):
    return f"stu-{number}"


def test_killed_processes_lose_no_order_and_do_none_twice(committed, processes):
    random = Random(SEED)  # noqa: S311 -- times, not secrets
    moments = sorted(random.sample(range(1, ORDERS), KILLS))
    for (begins, ends), victim in zip(pairwise([0, *moments]), cycle(VICTIMS), strict=False):
        issue(committed, range(begins, ends))
        if victim == "poll":  # no webhook: the platform polls
            processes.end("receiver")
            processes.start("poll")
        least = random.randrange(begins, ends)
        wait_until(lambda least=least: answered(committed) >= least)
        processes.kill(victim)
        processes.start("receiver" if victim == "poll" else victim)
        let_time_pass(committed)
    issue(committed, range(moments[-1], ORDERS))
    wait_until(lambda: is_all_done(committed))
    none_is_lost_and_none_doubled(committed, processes.lms)
    wait_until(is_nothing_in_dead_hands)


def issue(cast, numbers):
    for number in numbers:
        at = timezone.now()
        told = OrderSpecFactory(at=at)
        with in_client(cast.client_id("khyber")):
            about = SubjectFactory(client=cast.client("khyber"), external_id=person(number))
            issue_orders(about, told, actor=SETTING_UP, at=at)


def answered(cast):
    with in_client(cast.client_id("khyber")):
        return Order.objects.filter(ended_at__isnull=False).count()


def let_time_pass(cast):
    """Simulate the passing of minutes: leases of a dead worker end, and failed deliveries are due again.

    Rows locked by a living worker are left alone.
    """
    free(cast, Delivery.objects.filter(state="waiting"), due_at=timezone.now())
    free(cast, EndpointHealth.objects.all(), leased_until=None, rests_until=None, failures=0)
    with in_global():
        enqueue_job(PUMP, timestamp="0")


def free(cast, rows, **values):
    with in_client(cast.client_id("khyber")):
        keys = [one.pk for one in rows.select_for_update(skip_locked=True)]
        rows.filter(pk__in=keys).update(**values)


def is_all_done(cast):
    with in_client(cast.client_id("khyber")):
        is_sent = not Delivery.objects.filter(state="waiting").exists()
    if not is_sent:
        free(cast, Delivery.objects.filter(state="waiting"), due_at=timezone.now())
        free(cast, EndpointHealth.objects.all(), rests_until=None, failures=0)
    return is_sent and answered(cast) == ORDERS


def none_is_lost_and_none_doubled(cast, platform):
    with in_client(cast.client_id("khyber")):
        assert_orders_are_whole()
        results = list(Order.objects.values_list("state", "result"))
        told = {str(key): kind for key, kind in Message.objects.values_list("pk", "type")}
        arrived = {str(key) for key in Delivery.objects.filter(state="delivered").values_list("message", flat=True)}
        tries = Attempt.objects.count()
    assert results == [("confirmed", {"counts": {"usage_logs": 1}})] * ORDERS, "erased once: twice would count nothing"
    taken = {row["id"] for row in platform.rows("SELECT id FROM message")}
    assert arrived <= taken <= set(told), "each that counts as delivered came, and none that was not sent"
    assert {key for key, kind in told.items() if kind == "order.created"} <= arrived
    assert list(told.values()).count("order.created") == ORDERS
    assert tries >= len(arrived)
    assert platform.rows("SELECT * FROM record") == []


def is_nothing_in_dead_hands():
    """Return True if no job belongs to a killed worker, once its heartbeat has expired."""
    with in_global(), connection.cursor() as cursor:
        living = ProcrastinateWorker.objects.latest("id").pk
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = '2026-01-01' WHERE id <> %s", [living])
        if ProcrastinateJob.objects.filter(status="doing").exclude(worker_id=living).exists():
            if not ProcrastinateJob.objects.filter(task_name=RETRY_STALLED, status="todo").exists():
                enqueue_job(RETRY_STALLED, timestamp="0")
            return False
    return True


def test_a_killed_sweep_and_its_orders_are_completed_without_loss_or_doubling(committed):
    client_id, chance = committed.client_id("indus"), Random(17)  # noqa: S311 -- times, not secrets
    with in_client(client_id):
        rule_for(committed.client("indus"), at=CAST_AT)
        with connection.cursor() as cursor:
            values: dict[str, Any] = {"client": client_id, "holdings": HOLDINGS, "system": lms().pk, "at": CAST_AT}
            cursor.execute(PEOPLE_AND_HOLDINGS, values)
        sweep = start_sweep(client_id, actor=SETTING_UP, at=AT)
    assert run_killed(client_id, "flag", sweep.pk, size=CHUNK, kills=SWEEPS, at=AT, chance=chance) == SWEEPS
    with in_client(client_id):
        sweep.refresh_from_db()
        assert (sweep.checked, sweep.flagged) == (HOLDINGS, HOLDINGS)
        batch = Batch.objects.get()
        assert (batch.size, batch.stage) == (HOLDINGS, "review")
        assert not Item.objects.values("holding").annotate(n=Count("pk")).filter(n__gt=1).exists()
        Batch.objects.update(size=1)  # so that one person may approve it
        batch = approve_disposal(batch, actor=committed.actor("farah"), at=AT)
    later = AT + timedelta(days=1)
    assert run_killed(client_id, "order", batch.pk, size=CHUNK, kills=SWEEPS, at=later, chance=chance) == SWEEPS
    with in_client(client_id):
        assert dict(Item.objects.values_list("state").annotate(Count("pk"))) == {"ordered": HOLDINGS}
        assert Order.objects.count() == Order.objects.values("subject").distinct().count() == HOLDINGS
        assert sum(OrderSet.objects.values_list("size", flat=True)) == HOLDINGS
        assert all(is_set_intact(one) for one in OrderSet.objects.all())
        batch.refresh_from_db()
        assert batch.stage == "verifying"


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


# A killed web process is replaced while the other answers; no second server shares the port.


@pytest.fixture
def server(committed, monkeypatch, tmp_path):
    for name, value in environment_of_server().items():
        monkeypatch.setenv(name, value)
    port = free_port()
    command = [*web_program(HOST, port), "--application", KILLED_SERVER]
    with running([("web", command)], tmp_path) as [web]:
        wait_until_served(web, f"http://{HOST}:{port}/healthz")
        yield port, psutil.Process(web.process.pid), command


def test_a_killed_process_is_replaced_and_the_server_goes_on_answering(server):
    port, leader, _ = server
    wait_until(lambda: len(leader.children()) == 2)
    killed = leader.children()[0]
    killed.kill()
    killed.wait(60)
    assert all(is_alive(port) for _ in range(20)), "the other one answers"
    wait_until(lambda: len(leader.children()) == 2)
    assert all(is_alive(port) for _ in range(20))


def test_a_second_server_on_the_same_port_is_refused_and_takes_no_request(server):
    port, leader, command = server
    second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert second.returncode == 1
    assert f"Port {port} of {HOST} is taken" in second.stderr
    assert is_alive(port)
    assert leader.is_running()
