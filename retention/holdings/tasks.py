"""Background task that notifies officers of overdue incidents."""

from procrastinate.contrib.django import app

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.operations.jobs import do_for_clients
from paktaleem.foundation.tenancy.context import as_officer
from retention.holdings.models import Incident
from retention.holdings.services.incidents import notify_overdue

NOTIFY_OVERDUE = "retention.tell_of_overdue"


@app.periodic(cron="42 * * * *", periodic_id="tell_of_overdue_incidents")
@app.task(name=NOTIFY_OVERDUE, queueing_lock=NOTIFY_OVERDUE, pass_context=False)
def notify_overdue_incidents(timestamp: int) -> None:
    """Every hour, email the privacy officers about newly overdue incidents, once for each."""
    del timestamp
    with as_officer():
        clients = list(Incident.objects.open().order_by().values_list("client_id", flat=True).distinct())
    do_for_clients(clients, lambda client_id, at: notify_overdue(client_id, actor=system_actor(NOTIFY_OVERDUE), at=at))
