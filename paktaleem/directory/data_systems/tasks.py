"""The background task that emails about stuck orders."""

from datetime import datetime
from uuid import UUID

from django.urls import reverse
from procrastinate.contrib.django import app

from paktaleem.directory.data_systems.services.fulfilment import raise_alerts
from paktaleem.directory.mail.services import declare_message, send_message
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.selectors import list_staff
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.operations.jobs import do_each
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM

ALERT = "systems.tell_of_stuck_orders"
STUCK = declare_message("orders_stuck", fields=("count", "url"))


@app.periodic(cron="*/10 * * * *", periodic_id="tell_of_stuck_orders")
@app.task(name=ALERT, queueing_lock=ALERT, pass_context=False)
def alert_stuck_orders(timestamp: int) -> None:
    """Email the administrators of a system's owner, every ten minutes, about its stuck orders: once for each state."""
    del timestamp
    with as_officer():
        clients = list(Client.objects.exclude(pk=PAKTALEEM).order_by("pk").values_list("pk", "is_sandbox"))
    ours = 0

    def alert(client: tuple[UUID, bool]) -> None:
        nonlocal ours
        client_id, is_sandbox = client
        with in_client(client_id):
            at = client_now()
            own, at_paktaleem = raise_alerts(client_id, at=at)
            _send_email(client_id, Role.CLIENT_ADMIN, own, at=at)
        ours += 0 if is_sandbox else at_paktaleem

    try:
        do_each(clients, alert)
    finally:
        _alert_officers(ours)


def _alert_officers(ours: int) -> None:
    at = wall_clock_now()
    with in_client(PAKTALEEM):
        _send_email(PAKTALEEM, Role.PRIVACY_OFFICER, ours + sum(raise_alerts(PAKTALEEM, at=at)), at=at)


def _send_email(client_id: UUID, role: Role, count: int, *, at: datetime) -> None:
    if not count:
        return
    page = reverse("admin:data_systems_order_changelist", current_app="console")
    context = {"count": f"{count:,}", "url": build_public_url(f"{page}?progress=stuck")}
    for user in list_staff(client_id, role, at=at):
        send_message(STUCK.code, to=user, client_id=client_id, context=context, actor=system_actor(ALERT), at=at)
