"""The worker's process is killed (SIGKILL) at four points of the end of a school year; the next one completes it.

Each time, the test holds a lock that stops the worker in the middle of a transaction, and then kills it: while it
counts, while it closes classes, and in the first and the second chunk of pupils.
"""

import os
import signal
from collections import Counter
from datetime import date

from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from consent.consents.models import Consent
from paktaleem.directory.people.models import Subject, SubjectEvent
from paktaleem.directory.schools.models import Enrolment, SchoolClass, Term
from paktaleem.directory.schools.rows import TermRow
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.operations.jobs.enqueue import enqueue_job
from paktaleem.foundation.operations.jobs.tasks import RETRY_STALLED
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.office.school_years.models import YearEnd, YearEndClass, YearEndPerson
from paktaleem.office.school_years.services import CONTINUE, PEOPLE_AT_ONCE, Choices, confirm_year_end, prepare_year_end
from tests.factories import SubjectFactory
from tests.faults.test_killed_processes import working
from tests.minilms.connecting import until
from tests.school_years.making import CLASSES, IN_THE_YEAR, enrolled, give_consent, record
from tests.serving import environment_of_server
from tests.waiting import wait_until_one_waits

PUPILS = PEOPLE_AT_ONCE + 10
"""Two chunks of pupils."""
CONSENTS = 12
"""Of pupils in the middle of the first chunk, and of the last two."""
ENDS_ON = date(2026, 11, 1)
STOP_COUNTING = "LOCK TABLE school_years_yearendperson IN SHARE MODE"
STOP_CLOSING = "LOCK TABLE schools_enrolment IN SHARE MODE"
STOP_AT_A_PUPIL = "SELECT FROM consent_consent WHERE subject_id = %s FOR UPDATE"


def test_a_killed_worker_ends_the_year_once_for_every_pupil(committed, monkeypatch, tmp_path):
    for name, value in environment_of_server().items():
        monkeypatch.setenv(name, value)
    indus = committed.client_id("indus")
    with in_client(indus):
        pupils = make_pupils(committed)
        term = Term.objects.get(external_id="y2026")
        row = prepare_year_end(term, Choices(let_go=["newsletter"]), actor=committed.actor("farah"), at=timezone.now())
    kill_worker_at(indus, tmp_path / "1", STOP_COUNTING)
    assert look(indus, row) == ("counting", 0, 0, 0), "the count of the killed worker is undone"
    take_over_jobs()
    with working(tmp_path / "2"):
        until(lambda: look(indus, row)[0] == "ready")
    with in_client(indus):
        row.refresh_from_db()
        plan = {name: row.plan[name] for name in ("classes", "people", "leavers", "let_go")}
        assert plan == {"classes": 1, "people": PUPILS, "leavers": PUPILS, "let_go": CONSENTS}
        confirm_year_end(row, actor=committed.actor("farah"), at=timezone.now())
    kill_worker_at(indus, tmp_path / "3", STOP_CLOSING)
    assert look(indus, row) == ("running", 0, 0, 0)
    kill_worker_at(indus, tmp_path / "4", STOP_AT_A_PUPIL, pupils[PEOPLE_AT_ONCE // 2])
    assert look(indus, row) == ("running", 1, 0, 0), "half a chunk is undone"
    kill_worker_at(indus, tmp_path / "5", STOP_AT_A_PUPIL, pupils[-1])
    assert look(indus, row) == ("running", 1, PEOPLE_AT_ONCE, PEOPLE_AT_ONCE), "a chunk that was committed is not lost"
    take_over_jobs()
    with working(tmp_path / "6"):
        until(lambda: look(indus, row)[0] == "done")
        until(is_no_job_left)
    with in_client(indus):
        row.refresh_from_db()
        assert {name: row.result[name] for name in plan} == plan
        assert_everything_happened_once(pupils)


def make_pupils(cast):
    """Make a class of pupils, some of them with a consent for the year; return their ids in the worker's order."""
    client = cast.client("indus")
    for number in range(PUPILS):
        SubjectFactory(client=client, external_id=f"lms-p{number}", role="learner", birth_date=date(2001, 5, 4))
    year = TermRow(2, "y2026", "2026-27", "school_year", "", date(2026, 8, 1), ENDS_ON, gone=False)
    record(
        client,
        *(enrolled(f"p{number}", "4a") for number in range(PUPILS)),
        at=IN_THE_YEAR,
        classes=CLASSES[:1],
        terms=[year],
    )
    rows = Subject.objects.filter(external_id__startswith="lms-p").select_related("client").order_by("pk")
    pupils = list(rows)
    for pupil in [*pupils[PEOPLE_AT_ONCE // 2 :][: CONSENTS - 2], *pupils[-2:]]:
        give_consent(pupil, at=IN_THE_YEAR)
    return [pupil.pk for pupil in pupils]


def kill_worker_at(client_id, logs, lock, *values):
    """Start the worker, wait until it is stopped by a lock in the middle of its work, and kill its process."""
    take_over_jobs()
    with in_client(client_id), connection.cursor() as cursor:
        cursor.execute(lock, values)
        with working(logs) as worker:
            wait_until_one_waits()
            os.killpg(worker.process.pid, signal.SIGKILL)
            worker.process.wait()


def take_over_jobs():
    """Have the next worker take over the jobs of the killed one, whose heartbeat is made old."""
    with in_global(), connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = '2026-01-01'")
        enqueue_job(RETRY_STALLED, timestamp="0")


def look(client_id, row):
    """Return the stage, and how many classes are closed, pupils are finished and accounts are closed."""
    with in_client(client_id):
        row = YearEnd.objects.get(pk=row.pk)
        closed = SchoolClass.objects.filter(ended_at__isnull=False).count()
        accounts = Subject.objects.filter(account_closed_at__isnull=False).count()
        return row.stage, closed, row.result.get("people", 0), accounts


def is_no_job_left():
    with in_global():
        return not ProcrastinateJob.objects.filter(task_name=CONTINUE, status__in=["todo", "doing"]).exists()


def assert_everything_happened_once(pupils):
    closings = Counter(SubjectEvent.objects.filter(kind="account_closed").values_list("subject_id", flat=True))
    assert closings == Counter(pupils)
    ledger = Counter(Entry.objects.values_list("kind", flat=True))
    assert (ledger["subject.account_closed"], ledger["consent.expired"], ledger["year_end.done"]) == (
        PUPILS,
        CONSENTS,
        1,
    )
    assert Consent.objects.filter(purpose__code="newsletter", state="expired").count() == CONSENTS
    assert not Enrolment.objects.exclude(ends_on=ENDS_ON).exists()
    assert not YearEndPerson.objects.exists()
    assert not YearEndClass.objects.exists()
