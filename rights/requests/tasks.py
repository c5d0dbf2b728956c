"""Background tasks: what is due about requests, and emails to staff."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from procrastinate.contrib.django import app

from paktaleem.directory.mail.services import SendArguments, send_message
from paktaleem.foundation.accounts.actors import Actor, system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.selectors import list_staff
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.accounts.tasks import each_client
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.requests.deadlines import StepKind, format_day
from rights.requests.letters import STAFF_MESSAGES, build_link_url
from rights.requests.models import RightsRequest
from rights.requests.selectors import get_clock
from rights.requests.services.clock import NOTIFY_STAFF, carry_out_due_steps, list_clients_with_due_requests
from rights.requests.services.intake import MATCH_SENDER, match_sender
from rights.requests.services.steps import RequestEnded


@each_client("rights.schedule", cron="*/10 * * * *", due=list_clients_with_due_requests)
def carry_out_due_steps_of_all(client_id: UUID, actor: Actor, at: datetime) -> None:
    """Every ten minutes, send the reminders that are due, escalate, and record what is overdue."""
    carry_out_due_steps(client_id, actor=actor, at=at)


@app.task(name=MATCH_SENDER, pass_context=False)
def match_sender_of_request(client: str, request: str) -> None:
    """Match a request from the public form with a person, who is sent a link to confirm it."""
    with in_client(UUID(client)):
        found = RightsRequest.objects.get(pk=request, client_id=client)
        with suppress(RequestEnded):  # staff or the person were faster
            match_sender(found, address=build_link_url, actor=system_actor(MATCH_SENDER), at=wall_clock_now())


@app.task(name=NOTIFY_STAFF, pass_context=False)
def notify_staff(client: str, request: str, kind: str) -> None:
    """Email the client's administrators while they decide, and PakTaleem's officers otherwise and from day 20."""
    step = StepKind(kind)
    with in_client(UUID(client)):
        found = RightsRequest.objects.get(pk=request, client_id=client)
        school = Client.objects.get(pk=client)
        is_with_client = get_clock(found).awaits_client
        if is_with_client:
            _email(found, school, step, where=school.pk, role=Role.CLIENT_ADMIN)
    if school.is_sandbox or (is_with_client and step is StepKind.REMINDER):
        return
    with in_client(PAKTALEEM):
        _email(found, school, step, where=PAKTALEEM, role=Role.PRIVACY_OFFICER)


def _email(found: RightsRequest, school: Client, step: StepKind, *, where: UUID, role: Role) -> None:
    at = client_now()
    page = reverse("admin:requests_rightsrequest_change", args=[found.pk], current_app="console")
    context = {
        "number": found.number,
        "school": school.name[:200],
        "due": format_day(found.answer_by or found.due_at, school.time_zone),
        "url": build_public_url(page),
    }
    told: SendArguments = {"related_id": found.pk, "actor": system_actor(NOTIFY_STAFF), "at": at}
    for user in list_staff(where, role, at=at):
        send_message(STAFF_MESSAGES[step].code, to=user, client_id=where, context=context, **told)
