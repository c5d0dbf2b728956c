"""Background task that counts the weeks of every client."""

from datetime import datetime
from uuid import UUID

from procrastinate.contrib.django import app

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.selectors import list_client_ids
from paktaleem.foundation.operations.jobs.enqueue import do_for_clients
from paktaleem.office.reports.trends.services import count_weeks

COUNT = "trends.count"


@app.periodic(cron="21 * * * *", periodic_id="trends")
@app.task(name=COUNT, queueing_lock=COUNT, pass_context=False)
def count_all_weeks(timestamp: int) -> None:
    """Every hour, count the weeks of each client whose last count is six hours old."""
    del timestamp
    do_for_clients(list_client_ids(), _count)


def _count(client_id: UUID, at: datetime) -> None:
    count_weeks(Client.objects.get(pk=client_id), actor=system_actor(COUNT), at=at)
