"""Background tasks: build packages, move on those that wait for nothing, and delete those that are due."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from procrastinate.contrib.django import app

from paktaleem.directory.files.services import FileTooLarge
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.selectors import list_due_clients
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.periods.purging import purge_clients
from paktaleem.foundation.tenancy.context import as_officer, in_client
from rights.packages.data_kinds import LOOK_AFTER, PACKAGES
from rights.packages.selectors import list_clients_with_packages
from rights.packages.services.building import build_package, record_failure
from rights.packages.services.collecting import BUILD, continue_waiting_packages
from rights.packages.services.ending import end_due_packages
from rights.requests.services import RequestEnded

__all__ = ["build_one_package", "look_after_packages"]


@app.task(name=BUILD, pass_context=False)
def build_one_package(client: str, package: str) -> None:
    """Build one package; one that is too large is reported to staff."""
    client_id, actor = UUID(client), system_actor(BUILD)
    try:
        with in_client(client_id):
            build_package(UUID(package), client_id=client_id, actor=actor, at=client_now())
    except FileTooLarge:
        with suppress(RequestEnded), in_client(client_id):
            record_failure(UUID(package), client_id=client_id, actor=actor, at=client_now())


@app.periodic(cron="*/10 * * * *", periodic_id="rights_packages")
@app.task(name=LOOK_AFTER, queueing_lock=LOOK_AFTER, pass_context=False)
def look_after_packages(timestamp: int) -> None:
    """Every ten minutes, build packages that wait for nothing any more, and delete what is due."""
    del timestamp
    with as_officer():
        clients = list_due_clients(list_clients_with_packages, at=wall_clock_now())
    for client_id in clients:
        with in_client(client_id):
            continue_waiting_packages(client_id)
    purge_clients(PACKAGES, _end_batch, clients=clients)


def _end_batch(client_id: UUID, at: datetime) -> int:
    return end_due_packages(client_id, actor=system_actor(LOOK_AFTER), at=at)
