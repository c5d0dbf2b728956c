"""What the worker does about checks of guardians."""

import logging

from procrastinate.contrib.django import app

from children.providers import NoSuchProvider, NotSigned
from children.selectors import clients_with_open_checks, open_checks
from children.services import ask_check
from paktaleem.accounts.actors import system_actor
from paktaleem.clock import now_here
from paktaleem.subjects.services import AlreadyErased
from paktaleem.tenancy.context import as_officer, in_client

__all__ = ["ask_providers"]

log = logging.getLogger(__name__)
ASK = "children.ask_providers"


@app.periodic(cron="*/5 * * * *", periodic_id="ask_providers")
@app.task(name=ASK, queueing_lock=ASK, pass_context=False)
def ask_providers(timestamp: int) -> None:
    """Ask, every five minutes, what came of the checks whose providers have not said so by themselves."""
    del timestamp
    with as_officer():
        clients = clients_with_open_checks()
    for client_id in clients:
        with in_client(client_id):
            for check in open_checks(client_id):
                try:
                    ask_check(check, actor=system_actor(ASK), at=now_here())
                except (NoSuchProvider, NotSigned, AlreadyErased, OSError) as error:
                    log.warning("A provider's check could not be asked about: %s", type(error).__name__)
