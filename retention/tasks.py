"""What the worker does about incidents: it tells officers."""

from uuid import UUID

from django.conf import settings
from django.urls import reverse
from procrastinate.contrib.django import app

from paktaleem.accounts.actors import system_actor
from paktaleem.accounts.models import Client
from paktaleem.clock import real_now
from paktaleem.tenancy.context import in_client
from paktaleem.tenancy.ids import PAKTALEEM
from retention.letters import tell_officers
from retention.models import Incident
from retention.services.incidents import TELL

__all__ = ["tell_of_incident"]


@app.task(name=TELL, pass_context=False)
def tell_of_incident(client: str, incident: str) -> None:
    """Write to the privacy officers about a new incident."""
    with in_client(UUID(client)):
        found = Incident.objects.get(pk=incident, client_id=client)
        school = Client.objects.get(pk=client)
    if school.is_sandbox:  # nobody is to be woken by a test
        return
    page = reverse("admin:retention_incident_change", args=[found.pk], current_app="console")
    with in_client(PAKTALEEM):
        url = f"{settings.PUBLIC_URL.rstrip('/')}{page}"
        tell_officers(found, school=school.name, url=url, actor=system_actor(TELL), at=real_now())
