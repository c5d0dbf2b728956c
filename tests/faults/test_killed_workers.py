"""Workers and platforms killed (SIGKILL) while orders are told and carried out: none is lost, none is done twice."""

import os
import signal
import sys
from contextlib import closing
from datetime import timedelta
from random import Random

import pytest
from django.utils import timezone

from paktaleem.demo.supervision import running
from paktaleem.ledger.by import Reason
from paktaleem.systems.models import Ground, Order, OrderKind
from paktaleem.systems.services import Told, issue_orders
from paktaleem.tenancy.context import in_client
from paktaleem.webhooks.models import Attempt, Delivery, EndpointHealth, Message
from tests.factories import SETTING_UP, SubjectFactory
from tests.faults.size import sized
from tests.faults.whole import assert_orders_are_whole
from tests.minilms.connecting import Platform, until
from tests.minilms.store import Store
from tests.serving import environment_of_server, served

ORDERS = sized(60, 2_000)
KILLS = sized(3, 25)
SEED = 20261001
SENDING = [sys.executable, "-m", "tests.faults.sending"]


class Worker:
    """The process that sends, to be killed; it is started anew by itself."""

    def __init__(self, file):
        self.file, self.before = file, None

    def kill(self):
        until(lambda: self.file.exists() and self.file.read_text() != self.before)
        self.before = self.file.read_text()
        os.kill(int(self.before), signal.SIGKILL)


@pytest.fixture
def platform(committed, monkeypatch, tmp_path):
    """The mini-LMS of Khyber, which holds one record of each of many people."""
    lms = Platform(tmp_path, committed.key("khyber"))
    for name, value in (environment_of_server() | {"WEBHOOKS_ALLOWED": lms.address}).items():
        monkeypatch.setenv(name, value)
    with served(tmp_path / "web") as port:
        lms.connect(port)
        with closing(Store(lms.file)) as store, store.transaction():
            for number in range(ORDERS):
                store.do("INSERT INTO record VALUES (?, 'usage_logs', '1')", person(number))
        yield lms


def person(number):
    return f"stu-{number}"


def test_killed_workers_lose_no_order_and_do_none_twice(committed, platform, tmp_path):
    random, worker = Random(SEED), Worker(tmp_path / "sending")  # noqa: S311 -- moments, no secrets
    moments = sorted(random.sample(range(1, ORDERS), KILLS))
    with running([("sending", [*SENDING, str(worker.file)])], tmp_path / "sending-log"):
        for begins, ends in zip([0, *moments], [*moments, ORDERS], strict=True):
            with platform.receiving() as receiver:
                issue(committed, range(begins, ends))
                least = random.randint(begins, ends)
                until(lambda least=least: answered(committed) >= least)
                worker.kill()
                if random.random() < 0.5:  # the platform as well
                    os.kill(receiver.process.pid, signal.SIGKILL)
            let_time_pass(committed)
        with platform.receiving():
            until(lambda: is_all_done(committed))
    none_is_lost_and_none_doubled(committed, platform)


def issue(cast, numbers):
    """Register people and order, in one transaction for each, that they be erased."""
    for number in numbers:
        at = timezone.now()
        told = Told(
            kind=OrderKind.ERASE,
            categories=frozenset({"usage_logs"}),
            reason=Reason.SUBJECT_REQUEST,
            ground=Ground.RIGHT_OF_THE_PERSON,
            due_at=at + timedelta(days=20),
        )
        with in_client(cast.client_id("khyber")):
            about = SubjectFactory(client=cast.client("khyber"), external_id=person(number))
            issue_orders(about, told, actor=SETTING_UP, at=at)


def answered(cast):
    with in_client(cast.client_id("khyber")):
        return Order.objects.filter(ended_at__isnull=False).count()


def let_time_pass(cast):
    """What a dead worker had taken is free again after two minutes, and what failed is due again: let it be so now.

    What a living worker has its hands on is left alone.
    """
    free(cast, Delivery.objects.filter(state="waiting"), due_at=timezone.now())
    free(cast, EndpointHealth.objects.all(), leased_until=None, rests_until=None, failures=0)


def free(cast, rows, **values):
    with in_client(cast.client_id("khyber")):
        keys = [one.pk for one in rows.select_for_update(skip_locked=True)]
        rows.filter(pk__in=keys).update(**values)


def is_all_done(cast):
    """Whether everything was told and answered; what failed while the platform was dead is due again."""
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
