"""Background task: reviews of access are opened and closed."""

from procrastinate.contrib.django import app

from paktaleem.directory.staff.access_reviews.services import advance_reviews
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.selectors import list_client_ids
from paktaleem.foundation.operations.jobs import do_for_clients

ADVANCE = "access_reviews.advance"


@app.periodic(cron="43 * * * *", periodic_id="access_reviews")
@app.task(name=ADVANCE, queueing_lock=ADVANCE, pass_context=False)
def advance_all_reviews(timestamp: int) -> None:
    """Every hour, open reviews of access and lock what was not confirmed, each client by its own day."""
    del timestamp
    do_for_clients(
        list_client_ids(), lambda client_id, at: advance_reviews(client_id, actor=system_actor(ADVANCE), at=at)
    )
