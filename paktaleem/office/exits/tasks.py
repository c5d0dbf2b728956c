"""Background tasks of exits: collect the systems' data, export it, follow the deletion, erase people, certify."""

from uuid import UUID

from procrastinate.contrib.django import app

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.operations.jobs import do_each
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.office.exits.models import AgreementExit
from paktaleem.office.exits.services.ending import CONTINUE, continue_deletion, enqueue_exit, erase_chunk
from paktaleem.office.exits.services.exporting import collect_chunk, export_chunk

CONTINUE_ALL = "exits.continue_all"


@app.task(name=CONTINUE, pass_context=False)
def continue_exit(client: str, exit: str) -> None:  # noqa: A002 -- the name of the case
    """Do what is due for one exit, chunk by chunk in a transaction each; idempotent."""
    client_id, key = UUID(client), UUID(exit)
    for step in (collect_chunk, export_chunk, continue_deletion, erase_chunk):
        more = True
        while more:
            with in_client(client_id):
                found = AgreementExit.objects.get(pk=key, client_id=client_id)
                more = step(found, actor=system_actor(CONTINUE), at=client_now())


@app.periodic(cron="*/10 * * * *", periodic_id="exits_continue_all")
@app.task(name=CONTINUE_ALL, queueing_lock=CONTINUE_ALL, pass_context=False)
def continue_all_exits(timestamp: int) -> None:
    """Every ten minutes, continue the exits that are under way, also those whose own job failed."""
    del timestamp
    with as_officer():
        found = list(AgreementExit.objects.working().order_by("pk"))

    def enqueue(row: AgreementExit) -> None:
        with in_client(row.client_id):
            enqueue_exit(row, unless_queued=True)

    do_each(found, enqueue)
