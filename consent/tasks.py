"""Background tasks of notices and consents."""

import logging

from procrastinate.contrib.django import app

from consent.consents.services.renewal import ask_again
from consent.notices.services.dispatching import FOLLOW
from consent.notices.services.following import clients_to_follow, follow_client
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.selectors import clients_to_look_at
from paktaleem.foundation.clock import now_here, real_now
from paktaleem.foundation.tenancy.context import as_officer, in_client

__all__ = ["ask_about_renewal", "follow_announcements", "follow_each_minute"]

log = logging.getLogger(__name__)
ASK_AGAIN = "consent.ask_about_renewal"


@app.task(name=FOLLOW, pass_context=False)
def follow_announcements() -> None:
    """Notify clients of announced notices, record proofs and effects, send reminders. Idempotent."""
    actor = system_actor(FOLLOW)
    with as_officer():
        clients = clients_to_look_at(clients_to_follow, at=real_now())
    for client_id in clients:
        with in_client(client_id):
            follow_client(client_id, actor=actor, at=now_here())


@app.periodic(cron="* * * * *", periodic_id="follow_announcements")
@app.task(name="consent.follow_each_minute", queueing_lock="consent.follow_each_minute", pass_context=False)
def follow_each_minute(timestamp: int) -> None:
    """Process announcements every minute."""
    del timestamp
    follow_announcements()


@app.periodic(cron="7 * * * *", periodic_id="ask_about_renewal")
@app.task(name=ASK_AGAIN, queueing_lock=ASK_AGAIN, pass_context=False)
def ask_about_renewal(timestamp: int) -> None:
    """Record, every hour, requests to renew consents that will soon expire."""
    del timestamp
    actor = system_actor(ASK_AGAIN)
    with as_officer():
        clients = list(Client.objects.values_list("id", flat=True))
    for client_id in clients:
        with in_client(client_id):
            count = ask_again(client_id, actor=actor, at=now_here())
        if count:
            log.info("Requested renewal of %d consents.", count)
