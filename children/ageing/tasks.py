"""Background tasks about children who reach the age of consent."""

from collections.abc import Callable
from uuid import UUID

import structlog
from procrastinate.contrib.django import app

from children.ageing.services import end_guardianships_of_adults, send_age_notices
from children.guardians.services.verifications import end_authority_of_minors_on_file
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.selectors import list_client_ids
from paktaleem.foundation.accounts.tasks import repeat_in_client
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.operations.jobs import do_each
from paktaleem.foundation.tenancy.context import in_client

log = structlog.stdlib.get_logger(__name__)
NOTICE = "ageing.give_notice"
END = "ageing.end_guardianships"


@app.periodic(cron="27 * * * *", periodic_id="give_age_notices")
@app.task(name=NOTICE, queueing_lock=NOTICE, pass_context=False)
def send_due_age_notices(timestamp: int) -> None:
    """Send the due notices every hour. Idempotent."""
    del timestamp
    do_each(list_client_ids(), _send_all)


def _send_all(client_id: UUID) -> None:
    repeat_in_client(client_id, NOTICE, lambda actor, at: send_age_notices(client_id, actor=actor, at=at))


@app.periodic(cron="17 1 * * *", periodic_id="end_guardianships_of_adults")
@app.task(name=END, queueing_lock=END, pass_context=False)
def end_due_guardianships(timestamp: int) -> None:
    """End, every day, guardianships of people of full age, and the authority of guardians who are not. Idempotent."""
    del timestamp
    do_each(list_client_ids(), _end_all)


def _end_all(client_id: UUID) -> None:
    if count := _run_in_batches(end_guardianships_of_adults, client_id):
        log.info("Ended guardianships of people of full age.", count=count)
    if count := _run_in_batches(end_authority_of_minors_on_file, client_id):
        log.info("Ended the authority of guardians who are not of full age.", count=count)


def _run_in_batches(act: Callable[..., tuple[UUID | None, int]], client_id: UUID) -> int:
    """Run an act on batch after batch, each in its own transaction; return how many it changed."""
    after, count, is_done = None, 0, False
    while not is_done:
        with in_client(client_id):
            after, changed = act(client_id, after=after, actor=system_actor(END), at=client_now())
        count, is_done = count + changed, after is None
    return count
