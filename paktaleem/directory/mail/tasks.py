"""Background tasks for messages."""

import json
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from procrastinate.contrib.django import app

from paktaleem.directory.mail.delivery import deliver_message
from paktaleem.directory.mail.services import (
    DELIVER,
    EMAIL_STAFF,
    SendArguments,
    get_message_kind,
    list_clients_with_stalled_messages,
    requeue_stalled_messages,
    send_message,
)
from paktaleem.foundation.accounts.actors import Actor, system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.selectors import list_staff
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.accounts.tasks import each_client
from paktaleem.foundation.clock import client_now, to_wall_clock
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM


@app.task(name=DELIVER, pass_context=False)
def deliver(client: str, letter: str) -> None:
    """Attempt to deliver one message; does nothing once it is sent."""
    client_id = UUID(client)
    with in_client(client_id):
        deliver_message(UUID(letter), client_id=client_id, actor=system_actor(DELIVER), at=client_now())


@app.task(name=EMAIL_STAFF, pass_context=False)
def email_staff_about_row(*, client: str, row: str, page: str, kind: str, roles: str, context: str) -> None:
    """Email a client's administrators, PakTaleem's officers, or both; officers hear nothing of sandboxes."""
    with in_client(UUID(client)):
        school = Client.objects.get(pk=client)
    url = build_public_url(reverse(f"admin:{page}", args=[row], current_app="console"))
    offered = {"school": school.name[:200], "url": url, **json.loads(context)}
    values = {name: value for name, value in offered.items() if name in get_message_kind(kind).fields}
    for role in map(Role, roles.split(",")):
        if role == Role.PRIVACY_OFFICER and school.is_sandbox:
            continue
        client_id = PAKTALEEM if role == Role.PRIVACY_OFFICER else school.pk
        with in_client(client_id):
            at = client_now()
            about: SendArguments = {"related_id": UUID(row), "actor": system_actor(EMAIL_STAFF), "at": at}
            for user in list_staff(client_id, role, at=to_wall_clock(at)):
                send_message(kind, to=user, client_id=client_id, context=values, **about)


@each_client("mail.pick_up_forgotten", cron="*/5 * * * *", due=list_clients_with_stalled_messages)
def requeue_stalled(client_id: UUID, _actor: Actor, at: datetime) -> None:
    """Enqueue stalled messages again, every five minutes."""
    requeue_stalled_messages(client_id, at=at)
