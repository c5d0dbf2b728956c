"""Background tasks of ends of school years: count, close classes, finish people."""

from uuid import UUID

from procrastinate.contrib.django import app

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.operations.jobs.enqueue import do_each
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.office.school_years.models import YearEnd
from paktaleem.office.school_years.services import (
    CONTINUE,
    close_classes,
    count_year_end,
    enqueue_year_end,
    finish_people,
)

CONTINUE_ALL = "school_years.continue_all"


@app.task(name=CONTINUE, pass_context=False)
def continue_year_end(client: str, year_end: str) -> None:
    """Do what is due for the end of one year, chunk by chunk in a transaction each; idempotent."""
    client_id, key = UUID(client), UUID(year_end)
    for step in (count_year_end, close_classes, finish_people):
        more = True
        while more:
            with in_client(client_id):
                found = YearEnd.objects.get(pk=key, client_id=client_id)
                more = step(found, actor=system_actor(CONTINUE), at=client_now())


@app.periodic(cron="*/10 * * * *", periodic_id="school_years_continue_all")
@app.task(name=CONTINUE_ALL, queueing_lock=CONTINUE_ALL, pass_context=False)
def continue_all_year_ends(timestamp: int) -> None:
    """Every ten minutes, continue the ends of years that are under way, also those whose own job failed."""
    del timestamp
    with as_officer():
        found = list(YearEnd.objects.working().order_by("pk"))
    do_each(found, _enqueue)


def _enqueue(row: YearEnd) -> None:
    with in_client(row.client_id):
        enqueue_year_end(row, unless_queued=True)
