"""What the worker does about notices."""

from django.utils import timezone
from procrastinate.contrib.django import app

from consent.services.dispatching import FOLLOW
from consent.services.following import clients_to_follow, follow_client
from paktaleem.accounts.actors import system_actor
from paktaleem.tenancy.context import as_officer, in_client

__all__ = ["follow_announcements", "follow_each_minute"]


@app.task(name=FOLLOW, pass_context=False)
def follow_announcements() -> None:
    """Tell clients of announced notices, record proofs and effects, remind; run again, it does nothing twice."""
    actor = system_actor(FOLLOW)
    with as_officer():
        clients = clients_to_follow(at=timezone.now())
    for client_id in clients:
        with in_client(client_id):
            follow_client(client_id, actor=actor, at=timezone.now())


@app.periodic(cron="* * * * *", periodic_id="follow_announcements")
@app.task(name="consent.follow_each_minute", queueing_lock="consent.follow_each_minute", pass_context=False)
def follow_each_minute(timestamp: int) -> None:
    """Look every minute."""
    del timestamp
    follow_announcements()
