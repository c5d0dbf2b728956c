"""Background tasks: reminders of the duties that clients attest each year."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from procrastinate.contrib.django import app

from consent.agreements.selectors import list_clients_with_agreement, list_notice_recipients
from consent.agreements.services import DUTIES_DUE, NOTIFY, remind_of_duties
from paktaleem.directory.mail.services import SendArguments, send_message
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, system_actor
from paktaleem.foundation.accounts.models import Client, User
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.selectors import list_staff
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.accounts.tasks import each_client
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM


@each_client("agreements.remind", cron="37 * * * *", due=list_clients_with_agreement)
def remind_all_clients(client_id: UUID, actor: Actor, at: datetime) -> None:
    """Every hour, remind clients of duties that are due; each client once a day at most."""
    remind_of_duties(client_id, actor=actor, at=at)


@app.task(name=NOTIFY, pass_context=False)
def notify_of_duties(client: str, due_on: str) -> None:
    """Email a client's administrators and contacts, and PakTaleem's officers, about duties to attest."""
    at = client_now()
    with in_client(UUID(client)):
        school = Client.objects.get(pk=client)
        _send(school, list_notice_recipients(school.pk, at=at), due_on, where=school.pk)
    with in_client(PAKTALEEM):
        _send(school, list_staff(PAKTALEEM, Role.PRIVACY_OFFICER, at=at), due_on, where=PAKTALEEM)


def _send(school: Client, people: Iterable[User | Subject], due_on: str, *, where: UUID) -> None:
    context = {
        "school": school.name[:200],
        "day": due_on,
        "url": build_public_url(reverse("admin:agreements_clientcontact_to_do", current_app="console")),
    }
    told: SendArguments = {"related_id": school.pk, "actor": system_actor(NOTIFY), "at": client_now()}
    for person in people:
        send_message(DUTIES_DUE.code, to=person, client_id=where, context=context, **told)
