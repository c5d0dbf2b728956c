"""Background task of cookies."""

from procrastinate.contrib.django import app

from consent.cookies.data_kinds import PURGE_VISITORS, VISITORS
from consent.cookies.services import list_clients_with_due_visitors, purge_visitors
from paktaleem.foundation.upkeep.periods.purging import purge_clients


@app.periodic(cron="43 * * * *", periodic_id="cookies_visitors")
@app.task(name=PURGE_VISITORS, queueing_lock=PURGE_VISITORS, pass_context=False)
def purge_old_visitors(timestamp: int) -> int:
    """Cut, every hour, the links from browsers to old choices; return how many."""
    del timestamp
    return purge_clients(VISITORS, purge_visitors, due=list_clients_with_due_visitors)
