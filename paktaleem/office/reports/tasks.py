"""Background tasks: the weeks of every client are counted; the weekly digest of each client is sent."""

from procrastinate.contrib.django import app

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.selectors import list_client_ids
from paktaleem.foundation.operations.jobs import do_for_clients
from paktaleem.office.reports.digests import send_digest
from paktaleem.office.reports.trends import count_weeks

COUNT = "trends.count"
SEND = "digests.send"


@app.periodic(cron="21 * * * *", periodic_id="trends")
@app.task(name=COUNT, queueing_lock=COUNT, pass_context=False)
def count_all_weeks(timestamp: int) -> None:
    """Every hour, count the weeks of each client whose last count is six hours old."""
    del timestamp
    do_for_clients(
        list_client_ids(),
        lambda client_id, at: count_weeks(Client.objects.get(pk=client_id), actor=system_actor(COUNT), at=at),
    )


@app.periodic(cron="11 * * * *", periodic_id="digests")
@app.task(name=SEND, queueing_lock=SEND, pass_context=False)
def send_digests(timestamp: int) -> None:
    """Every hour, send the digest of the last week to each client that has not got it, from its Monday on."""
    del timestamp
    do_for_clients(
        list_client_ids(),
        lambda client_id, at: send_digest(Client.objects.get(pk=client_id), actor=system_actor(SEND), at=at),
    )
