"""The email to a client's administrators when one of their endpoints was disabled."""

from datetime import datetime

from django.utils import translation

from paktaleem.directory.mail.kinds import declare_message
from paktaleem.directory.mail.services import send_message
from paktaleem.directory.webhooks.models import Endpoint
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.selectors import list_staff

DISABLED = declare_message("webhook_disabled", fields=("name", "why", "url"))


def send_endpoint_disabled(endpoint: Endpoint, *, url: str, actor: Actor, at: datetime) -> int:
    """Email every administrator of the client, in its context; ``url`` is the endpoint's page. Return how many."""
    staff = list_staff(endpoint.client_id, Role.CLIENT_ADMIN, at=at)
    for user in staff:
        with translation.override(user.language):
            why = str(endpoint.get_disabled_because_display())
        send_message(
            DISABLED.code,
            to=user,
            client_id=endpoint.client_id,
            context={"name": str(endpoint)[:200], "why": why, "url": url},
            related_id=endpoint.pk,
            actor=actor,
            at=at,
        )
    return len(staff)
