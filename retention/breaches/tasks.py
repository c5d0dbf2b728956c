"""Background tasks: reminders of the 72-hour clock, and letters to the people concerned."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from procrastinate.contrib.django import app

from paktaleem.directory.mail.services import send_message
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.selectors import list_due_clients, list_staff
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.operations.jobs.enqueue import do_for_clients
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.breaches.messages import REMINDER
from retention.breaches.models import Breach
from retention.breaches.selectors import list_clients_with_running_breaches
from retention.breaches.services.letters import INFORM_PEOPLE, NOTIFY_STAFF, inform_batch, remind_of_breaches

REMIND = "breaches.remind"


@app.periodic(cron="*/10 * * * *", periodic_id="breaches_remind")
@app.task(name=REMIND, queueing_lock=REMIND, pass_context=False)
def remind_of_all_breaches(timestamp: int) -> None:
    """Every ten minutes, remind staff of breaches whose authority is to be notified."""
    del timestamp
    with as_officer():
        clients = list_due_clients(list_clients_with_running_breaches, at=wall_clock_now())
    do_for_clients(clients, lambda client_id, at: remind_of_breaches(client_id, actor=system_actor(REMIND), at=at))


@app.task(name=NOTIFY_STAFF, pass_context=False)
def notify_staff_of_breach(client: str, breach: str, hours: str) -> None:
    """Email PakTaleem's officers and the client's administrators that the authority is to be notified."""
    with in_client(UUID(client)):
        found = Breach.objects.get(pk=breach, client_id=client)
        school = Client.objects.get(pk=client)
        if school.pk != PAKTALEEM:
            _email(found, school, hours, where=school.pk, role=Role.CLIENT_ADMIN)
    if not school.is_sandbox:
        with in_client(PAKTALEEM):
            _email(found, school, hours, where=PAKTALEEM, role=Role.PRIVACY_OFFICER)


@app.task(name=INFORM_PEOPLE, pass_context=False)
def inform_people(client: str, letter: str) -> None:
    """Inform everyone on the list of a letter, in batches; run again after a crash, it goes on where it stopped."""
    while _inform_batch(UUID(client), UUID(letter)):
        pass


def _inform_batch(client_id: UUID, letter_id: UUID) -> int:
    with in_client(client_id):
        return inform_batch(letter_id, client_id=client_id, actor=system_actor(INFORM_PEOPLE), at=client_now())


def _email(found: Breach, school: Client, hours: str, *, where: UUID, role: Role) -> None:
    at = client_now()
    page = reverse("admin:breaches_breach_change", args=[found.pk], current_app="console")
    context = {
        "school": school.name[:200],
        "hours": hours,
        "due": f"{found.due_at:%Y-%m-%d %H:%M} UTC",
        "url": build_public_url(page),
    }
    told: dict[str, Any] = {"related_id": found.pk, "actor": system_actor(NOTIFY_STAFF), "at": at}
    for user in list_staff(where, role, at=at):
        send_message(REMINDER.code, to=user, client_id=where, context=context, **told)
