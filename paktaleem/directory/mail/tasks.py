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
    email_staff,
    get_message_kind,
    list_clients_with_stalled_messages,
    requeue_stalled_messages,
)
from paktaleem.foundation.accounts.actors import Actor, Authorship, system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.accounts.tasks import each_client
from paktaleem.foundation.clock import client_now
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
    values = {"url": url, **json.loads(context)}
    for role in map(Role, roles.split(",")):
        if role == Role.PRIVACY_OFFICER and school.is_sandbox:
            continue
        client_id = PAKTALEEM if role == Role.PRIVACY_OFFICER else school.pk
        with in_client(client_id):
            by: Authorship = {"actor": system_actor(EMAIL_STAFF), "at": client_now()}
            email_staff(get_message_kind(kind), values, school=school, role=role, row_id=UUID(row), **by)


@each_client("mail.pick_up_forgotten", cron="*/5 * * * *", due=list_clients_with_stalled_messages)
def requeue_stalled(client_id: UUID, _actor: Actor, at: datetime) -> None:
    """Enqueue stalled messages again, every five minutes."""
    requeue_stalled_messages(client_id, at=at)
