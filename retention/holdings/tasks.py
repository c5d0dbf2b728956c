"""Background tasks that notify officers of new and overdue incidents."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from procrastinate.contrib.django import app

from paktaleem.directory.mail.kinds import MessageKind
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.operations.jobs.enqueue import do_for_clients
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.holdings.emails import OPENED, OVERDUE, email_officers
from retention.holdings.models import Incident
from retention.holdings.services.incidents import NOTIFY_OFFICERS, notify_overdue

NOTIFY_OVERDUE = "retention.tell_of_overdue"


@app.task(name=NOTIFY_OFFICERS, pass_context=False)
def notify_officers_of_incident(client: str, incident: str, kind: str = OPENED.code) -> None:
    """Email the privacy officers about a new or overdue incident; skipped for sandbox clients."""
    with in_client(UUID(client)):
        found = Incident.objects.get(pk=incident, client_id=client)
        school = Client.objects.get(pk=client)
    if school.is_sandbox:
        return
    page = reverse("admin:retention_incident_change", args=[found.pk], current_app="console")
    with in_client(PAKTALEEM):
        url = build_public_url(page)
        context: dict[str, Any] = {"actor": system_actor(NOTIFY_OFFICERS), "at": wall_clock_now()}
        email_officers(found, kind=_KINDS[kind], school=school.name, url=url, **context)


_KINDS: dict[str, MessageKind] = {one.code: one for one in (OPENED, OVERDUE)}


@app.periodic(cron="42 * * * *", periodic_id="tell_of_overdue_incidents")
@app.task(name=NOTIFY_OVERDUE, queueing_lock=NOTIFY_OVERDUE, pass_context=False)
def notify_overdue_incidents(timestamp: int) -> None:
    """Every hour, email the privacy officers about newly overdue incidents, once for each."""
    del timestamp
    with as_officer():
        clients = list(Incident.objects.open().order_by().values_list("client_id", flat=True).distinct())
    do_for_clients(clients, lambda client_id, at: notify_overdue(client_id, actor=system_actor(NOTIFY_OVERDUE), at=at))
