"""``/metrics``: closed to all but the holder of its token; decisions, requests, and what waits or fails."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from paktaleem.directory.mail.recipients import GivenAddress
from paktaleem.directory.mail.services import send_message
from paktaleem.directory.webhooks.models import DisabledBecause, EndpointHealth
from paktaleem.directory.webhooks.services import disable_endpoint
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.operations.metrics import check_metrics, gauge_readers
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.upkeep.backups.dumps import record_backup
from tests.factories import SETTING_UP
from tests.webhooks.receiving import make_endpoint

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "a token that only the monitoring of this test knows"
HOUR = timedelta(hours=1)
QUESTION = {
    "subject": {"type": "end_user", "id": "lms-danish"},
    "action": {"name": "process"},
    "resource": {"type": "purpose", "id": "newsletter"},
}
COUNTING = """
from paktaleem.foundation.operations.metrics import count_decisions, observe_request
count_decisions([(True, "permitted"), (True, "permitted"), (False, "erased")])
observe_request("/access/v1/evaluation", 200, 0.002)
"""
READING = """
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
registry = CollectorRegistry()
MultiProcessCollector(registry)
print(generate_latest(registry).decode())
"""


def scrape(token=TOKEN):
    return Client(headers={"Authorization": f"Bearer {token}"} if token else {}).get("/metrics")


def samples(text):
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def is_open(settings):
    settings.METRICS_TOKEN = TOKEN


def test_without_a_configured_token_there_is_no_such_page(cast):
    assert [scrape(token).status_code for token in (None, "", TOKEN)] == [404, 404, 404]


def test_only_the_holder_of_the_token_reads_the_metrics(cast, is_open):
    answers = [scrape(token) for token in (None, TOKEN[:-1], cast.key("indus"))]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert all(b"paktaleem_" not in answer.content for answer in answers)
    assert answers[0].headers["WWW-Authenticate"] == 'Bearer realm="metrics"'
    answer = scrape()
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "no-store" in answer.headers["Cache-Control"]


def test_decisions_are_counted_by_outcome_and_reason_and_requests_by_part(cast, is_open):
    before = samples(scrape().content.decode())
    asked = Client(headers={"Authorization": f"Bearer {cast.key('indus')}"})
    one = asked.post("/access/v1/evaluation", QUESTION, content_type="application/json").json()
    reason = one["context"]["reason"]
    batch = {"evaluations": [QUESTION, QUESTION]}
    assert asked.post("/access/v1/evaluations", batch, content_type="application/json").status_code == 200
    after = samples(scrape().content.decode())

    def added(*series):
        return after.get(series, 0) - before.get(series, 0)

    assert one["decision"] is False
    assert added("paktaleem_decisions_total", "denied", reason) == 3
    assert added("paktaleem_request_seconds_count", "decisions") == 2
    assert added("paktaleem_requests_total", "2xx", "decisions") == 2
    assert added("paktaleem_requests_total", "2xx", "public") == 1, "the first scrape"


def test_gauges_say_what_waits_fails_and_is_old(cast, is_open):
    now, indus = wall_clock_now(), cast.client_id("indus")
    record_backup({"audit_entry": 7}, at=now - 3 * HOUR)
    insert = "INSERT INTO procrastinate_jobs (task_name, queue_name, status, scheduled_at) VALUES (%s, 'q', %s, %s)"
    with in_global(), connection.cursor() as cursor:
        for values in (("due.task", "todo", now - HOUR), ("coming.task", "todo", now + HOUR), ("bad", "failed", now)):
            cursor.execute(insert, values)
    with in_client(indus):
        failing, ended = make_endpoint(cast, "indus", at=now), make_endpoint(cast, "indus", at=now)
        EndpointHealth.objects.filter(endpoint=failing).update(failures=3, failing_since=now)
        disable_endpoint(ended, because=DisabledBecause.GONE, reason="support_case", actor=SETTING_UP, at=now)
        send_message(
            "rights_answer",
            to=GivenAddress("uncle@example.org"),
            context={"number": "N1", "text": "Our answer"},
            client_id=indus,
            actor=SETTING_UP,
            at=now - 2 * HOUR,
        )
    found = samples(scrape().content.decode())
    assert found["paktaleem_jobs_waiting",] >= 1
    assert found["paktaleem_jobs_oldest_seconds",] >= 3_600
    assert found["paktaleem_jobs_failed",] == 1
    assert found["paktaleem_workers",] == 0
    assert found["paktaleem_webhooks_failing",] == 1
    assert found["paktaleem_webhooks_disabled",] == 1
    assert found["paktaleem_messages_waiting",] == 1
    assert found["paktaleem_messages_oldest_seconds",] >= 7_200
    assert 10_800 <= found["paktaleem_backup_age_seconds",] < 10_900
    assert found["paktaleem_orders_overdue",] == 0
    assert found["paktaleem_gauges_failed",] == 0


def fails(at):
    raise KeyError(at)


def test_a_reader_that_fails_leaves_the_others_and_is_counted(cast, is_open, monkeypatch):
    monkeypatch.setattr(gauge_readers, "_handlers", [fails, *gauge_readers])
    found = samples(scrape().content.decode())
    assert found["paktaleem_gauges_failed",] == 1
    assert ("paktaleem_workers",) in found


def test_every_metric_is_in_the_operators_guide(cast, is_open):
    record_backup({"audit_entry": 7}, at=wall_clock_now())
    names = {name for name, *_ in samples(scrape().content.decode()) if name.startswith("paktaleem_")}
    families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in names}
    guide = (ROOT / "docs" / "operator.md").read_text()
    assert sorted(name for name in families if f"`{name}`" not in guide) == []


def test_counters_of_several_processes_are_added_also_of_ended_ones(tmp_path):
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    def run(code):
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
        )
        return done.stdout

    for _ in range(2):
        run(COUNTING)
    found = samples(run(READING))
    assert found["paktaleem_decisions_total", "allowed", "permitted"] == 4
    assert found["paktaleem_decisions_total", "denied", "erased"] == 2
    assert found["paktaleem_request_seconds_bucket", "0.0025", "decisions"] == 2


def test_the_doctor_asks_for_a_common_folder(settings, monkeypatch, tmp_path):
    assert [line.state for line in check_metrics()] == ["ok"]
    settings.METRICS_TOKEN = TOKEN
    assert [line.state for line in check_metrics()] == ["attention"]
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    assert [line.state for line in check_metrics()] == ["ok"]
