"""The jobs that run every ten minutes queue a disposal, a sweep and an exit once, however long the worker is away."""

from collections import Counter
from typing import Any

from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.foundation.clock import client_now
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.office.exits.services.deleting import CONTINUE as CONTINUE_EXIT
from paktaleem.office.exits.tasks import continue_all_exits
from retention.disposals.services.certificates import CONTINUE
from retention.disposals.services.sweeping import SWEEP, start_sweep
from retention.disposals.tasks import continue_all_disposals
from tests.cast import Cast
from tests.retention.disposals.steps import WORKER, approved, hold_data, rule_for, sweep
from tests.retention.exits.steps import approved as approved_exit
from tests.retention.schedule.making import DAY


def jobs(task: str) -> dict[str, int]:
    with in_global():
        return dict(Counter(ProcrastinateJob.objects.filter(task_name=task).values_list("status", flat=True)))


def run_three_times(task: Any) -> None:
    for _ in range(3):
        task(0)


def test_a_disposal_is_queued_once_and_only_from_its_time_on(cast: Cast, now: Any) -> None:
    with in_client(cast.client_id("indus")):
        rule_for(cast.client("indus"), at=now)
        hold_data(cast, "hamza", at=now)
        sweep(cast.client_id("indus"), now)
        batch = approved(cast, client_now())
    assert jobs(CONTINUE) == {"todo": 1}
    run_three_times(continue_all_disposals)
    assert jobs(CONTINUE) == {"todo": 1}, "its orders are not due yet"
    with in_client(batch.client_id):
        batch.starts_at = client_now() - DAY
        batch.save(update_fields=["starts_at"])
    run_three_times(continue_all_disposals)
    assert jobs(CONTINUE) == {"todo": 2}, "the queued job starts later, by its own clock"
    with in_global():
        ProcrastinateJob.objects.filter(task_name=CONTINUE, scheduled_at=None).update(status="doing")
    run_three_times(continue_all_disposals)
    assert jobs(CONTINUE) == {"doing": 1, "todo": 2}, "the next job waits, as the running one may fail"


def test_a_sweep_and_an_exit_are_queued_once(cast: Cast, now: Any) -> None:
    with in_client(cast.client_id("indus")):
        start_sweep(cast.client_id("indus"), actor=WORKER, at=now)
        approved_exit(cast, now, "return")
    assert (jobs(SWEEP), jobs(CONTINUE_EXIT)) == ({"todo": 1}, {"todo": 1})
    run_three_times(continue_all_disposals)
    run_three_times(continue_all_exits)
    assert (jobs(SWEEP), jobs(CONTINUE_EXIT)) == ({"todo": 1}, {"todo": 1})
