"""Background tasks: reminders of deadlines that a supervisory authority set."""

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
from rights.complaints.messages import DEADLINE
from rights.complaints.models import CaseDeadline
from rights.complaints.services import NOTIFY, list_clients_with_near_deadlines, remind_of_deadlines

REMIND = "complaints.remind"


@app.periodic(cron="17 * * * *", periodic_id="complaints_remind")
@app.task(name=REMIND, queueing_lock=REMIND, pass_context=False)
def remind_of_all_deadlines(timestamp: int) -> None:
    """Every hour, remind staff of the deadlines of authorities that are near or past."""
    del timestamp
    with as_officer():
        clients = list_due_clients(list_clients_with_near_deadlines, at=wall_clock_now())
    do_for_clients(clients, lambda client_id, at: remind_of_deadlines(client_id, actor=system_actor(REMIND), at=at))


@app.task(name=NOTIFY, pass_context=False)
def notify_of_deadline(client: str, deadline: str) -> None:
    """Email the client's administrators and PakTaleem's officers about a deadline."""
    with in_client(UUID(client)):
        found = CaseDeadline.objects.select_related("case__request").get(pk=deadline, client_id=client)
        school = Client.objects.get(pk=client)
        if school.pk != PAKTALEEM:
            _email(found, school, where=school.pk, role=Role.CLIENT_ADMIN)
    if not school.is_sandbox:
        with in_client(PAKTALEEM):
            _email(found, school, where=PAKTALEEM, role=Role.PRIVACY_OFFICER)


def _email(found: CaseDeadline, school: Client, *, where: UUID, role: Role) -> None:
    at = client_now()
    page = reverse("admin:complaints_authoritycase_change", args=[found.case_id], current_app="console")
    context = {
        "number": found.case.request.number,
        "school": school.name[:200],
        "due": str(found.due_on),
        "url": build_public_url(page),
    }
    told: dict[str, Any] = {"related_id": found.pk, "actor": system_actor(NOTIFY), "at": at}
    for user in list_staff(where, role, at=at):
        send_message(DEADLINE.code, to=user, client_id=where, context=context, **told)
