"""Background tasks about invitations."""

import logging
from uuid import UUID

from procrastinate.contrib.django import app

from children.invitations.selectors import children_to_ask_about, unanswered
from children.invitations.services import (
    ASK_MANY,
    clients_to_follow,
    clients_with_old_contacts,
    follow_invitations,
    forget_old_contacts,
    invite_guardians_of,
)
from paktaleem.foundation.accounts.actors import system_actor, user_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import OFFICER_ROLES, Role
from paktaleem.foundation.accounts.selectors import clients_to_look_at
from paktaleem.foundation.clock import now_here, real_now
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM

__all__ = ["ask_many", "follow_invited", "forget_unasked"]

log = logging.getLogger(__name__)
FOLLOW, FORGET = "invitations.follow", "invitations.forget"
AT_ONCE = 50


@app.periodic(cron="* * * * *", periodic_id="follow_invitations")
@app.task(name=FOLLOW, queueing_lock=FOLLOW, pass_context=False)
def follow_invited(timestamp: int) -> None:
    """Every minute, send due confirmations and reminders, record deliveries, and expire unanswered invitations."""
    del timestamp
    with as_officer():
        clients = clients_to_follow()
    for client_id in clients:
        after: UUID | None = None
        while True:
            with in_client(client_id):
                after = follow_invitations(client_id, after=after, actor=system_actor(FOLLOW), at=now_here())
            if after is None:
                break


@app.periodic(cron="22 2 * * *", periodic_id="forget_unasked")
@app.task(name=FORGET, queueing_lock=FORGET, pass_context=False)
def forget_unasked(timestamp: int) -> None:
    """Every night, delete the contacts of guardians who were not asked in time."""
    del timestamp
    with as_officer():
        clients = clients_to_look_at(clients_with_old_contacts, at=real_now())
    for client_id in clients:
        with in_client(client_id):
            done = forget_old_contacts(client_id, actor=system_actor(FORGET), at=now_here())
        log.info("Deleted the contacts of %d guardians who had not been asked.", done)


@app.task(name=ASK_MANY, pass_context=False)
def ask_many(client: str, beginning: str, user: str, role: str, portal: str) -> None:
    """Invite the guardians of all children without an answer, in batches, on behalf of the user who confirmed it.

    Safe to run again after a crash: guardians already invited are skipped.
    """
    client_id, after = UUID(client), None
    while True:
        with in_client(client_id):
            actor = user_actor(UUID(user), role, PAKTALEEM if Role(role) in OFFICER_ROLES else client_id)
            owner, at = Client.objects.get(pk=client_id), now_here()
            left = unanswered(children_to_ask_about(owner, beginning=beginning, actor=actor, at=at))
            some = list(
                (left.filter(pk__gt=after) if after else left).select_related("client").order_by("pk")[:AT_ONCE]
            )
            invite_guardians_of(some, portal=portal, actor=actor, at=at)
        if not some:
            return
        after = some[-1].pk
