"""Background tasks that notify officers of new and overdue incidents."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from procrastinate.contrib.django import app

from paktaleem.directory.mail.kinds import LetterKind
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.clock import now_here, real_now
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from retention.letters import OPENED, OVERDUE, tell_officers
from retention.models import Incident
from retention.services import note_overdue
from retention.services.incidents import TELL

__all__ = ["tell_of_incident", "tell_of_overdue_incidents"]

AGAIN = "retention.tell_of_overdue"


@app.task(name=TELL, pass_context=False)
def tell_of_incident(client: str, incident: str, kind: str = OPENED.code) -> None:
    """Email the privacy officers about a new or overdue incident; skipped for sandbox clients."""
    with in_client(UUID(client)):
        found = Incident.objects.get(pk=incident, client_id=client)
        school = Client.objects.get(pk=client)
    if school.is_sandbox:
        return
    page = reverse("admin:retention_incident_change", args=[found.pk], current_app="console")
    with in_client(PAKTALEEM):
        url = f"{settings.PUBLIC_URL.rstrip('/')}{page}"
        context: dict[str, Any] = {"actor": system_actor(TELL), "at": real_now()}
        tell_officers(found, kind=_KINDS[kind], school=school.name, url=url, **context)


_KINDS: dict[str, LetterKind] = {one.code: one for one in (OPENED, OVERDUE)}


@app.periodic(cron="42 * * * *", periodic_id="tell_of_overdue_incidents")
@app.task(name=AGAIN, queueing_lock=AGAIN, pass_context=False)
def tell_of_overdue_incidents(timestamp: int) -> None:
    """Every hour, email the privacy officers about newly overdue incidents, once for each."""
    del timestamp
    with as_officer():
        clients = list(Incident.objects.open().order_by().values_list("client_id", flat=True).distinct())
    for client_id in clients:
        with in_client(client_id):
            note_overdue(client_id, actor=system_actor(AGAIN), at=now_here())
