"""Background tasks of erasures: continue each, and inform the person of an approved one."""

from uuid import UUID

from procrastinate.contrib.django import app

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.selectors import list_due_clients
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.operations.jobs import do_each
from paktaleem.foundation.tenancy.context import as_officer, in_client
from rights.erasures.models import ErasureProposal
from rights.erasures.services.progress import continue_erasure, list_clients_with_open_erasures, notify_person
from rights.erasures.services.proposals import CONTINUE, NOTIFY
from rights.requests.letters import build_link_url

CONTINUE_ALL = "erasures.continue_all"


@app.task(name=CONTINUE, pass_context=False)
def continue_one_erasure(client: str, proposal: str) -> None:
    """Do what is due for one erasure; idempotent."""
    with in_client(UUID(client)):
        found = ErasureProposal.objects.get(pk=proposal, client_id=client)
        continue_erasure(found, actor=system_actor(CONTINUE), at=client_now())


@app.periodic(cron="*/10 * * * *", periodic_id="erasures_continue_all")
@app.task(name=CONTINUE_ALL, queueing_lock=CONTINUE_ALL, pass_context=False)
def continue_all_erasures(timestamp: int) -> None:
    """Every ten minutes, continue each open erasure, in a transaction each: also those whose own job failed."""
    del timestamp
    with as_officer():
        clients = list_due_clients(list_clients_with_open_erasures, at=wall_clock_now())
        rows = ErasureProposal.objects.open().filter(client_id__in=clients).order_by("client_id", "pk")
        found = list(rows.values_list("client_id", "pk"))
    do_each(found, lambda one: continue_one_erasure(str(one[0]), str(one[1])))


@app.task(name=NOTIFY, pass_context=False)
def notify_of_erasure(client: str, proposal: str) -> None:
    """Inform the person, and the guardians of a child, of an approved erasure; idempotent."""
    with in_client(UUID(client)):
        found = ErasureProposal.objects.get(pk=proposal, client_id=client)
        notify_person(found, address=build_link_url, actor=system_actor(NOTIFY), at=wall_clock_now())
