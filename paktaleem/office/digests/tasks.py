"""Background task: the weekly digest of each client, by email to its administrators."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import translation
from procrastinate.contrib.django import app

from paktaleem.directory.mail.services import send_message
from paktaleem.foundation.accounts.actors import system_actor, user_actor
from paktaleem.foundation.accounts.models import Client, User
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.selectors import list_client_ids, list_staff
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.operations.jobs.enqueue import do_for_clients
from paktaleem.office.digests.messages import WEEKLY_DIGEST
from paktaleem.office.digests.selectors import count_looks, is_stopped, list_coming
from paktaleem.office.digests.services import find_due_week, record_digest
from paktaleem.office.digests.texts import describe_coming, describe_look, describe_waiting, list_waiting, to_lines
from paktaleem.office.digests.weeks import Week

SEND = "digests.send"


@app.periodic(cron="11 * * * *", periodic_id="digests")
@app.task(name=SEND, queueing_lock=SEND, pass_context=False)
def send_digests(timestamp: int) -> None:
    """Every hour, send the digest of the last week to each client that has not got it, from its Monday on."""
    del timestamp
    do_for_clients(list_client_ids(), send_digest)


def send_digest(client_id: UUID, at: datetime) -> int:
    """Send the digest that is due to a client's administrators, once; return to how many, in the client's context."""
    client = Client.objects.get(pk=client_id)
    week = find_due_week(client, at=at)
    if week is None:
        return 0
    staff = list_staff(client_id, Role.CLIENT_ADMIN, at=wall_clock_now())
    wanted = [user for user in staff if not is_stopped(client_id, user.pk)]
    for user in wanted:
        _send(client, week, user, at)
    record_digest(client, week, recipients=len(wanted), actor=system_actor(SEND), at=at)
    return len(wanted)


def _send(client: Client, week: Week, user: User, at: datetime) -> None:
    with translation.override(user.language):
        context: dict[str, str] = {
            "first": week.monday.isoformat(),
            "last": week.sunday.isoformat(),
            "looks": to_lines([describe_look(one) for one in count_looks(client.pk, week)]),
            "waiting": to_lines([describe_waiting(one) for one in list_waiting(_as_admin(user, client.pk), at)]),
            "coming": to_lines([describe_coming(one) for one in list_coming(client, at=at)]),
            "url": _url("digest", client.pk) + f"?week={week.monday.isoformat()}",
            "stop_url": _url("weekly-email", client.pk),
        }
    by: dict[str, Any] = {"actor": system_actor(SEND), "at": at}
    send_message(WEEKLY_DIGEST.code, to=user, client_id=client.pk, context=context, **by)


def _as_admin(user: User, client_id: UUID) -> Any:
    return user_actor(user.pk, Role.CLIENT_ADMIN, client_id)


def _url(page: str, client_id: UUID) -> str:
    return build_public_url(reverse(f"admin:accounts_client_{page}", args=[client_id], current_app="console"))
