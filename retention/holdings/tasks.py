"""Background task that notifies officers of overdue incidents."""

from datetime import datetime
from uuid import UUID

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.tasks import each_client
from retention.holdings.models import Incident
from retention.holdings.services.incidents import notify_overdue


def _list_clients(at: datetime) -> list[UUID]:
    return list(Incident.objects.overdue(at).order_by().values_list("client_id", flat=True).distinct())


@each_client("retention.tell_of_overdue", cron="42 * * * *", due=_list_clients)
def notify_overdue_incidents(client_id: UUID, actor: Actor, at: datetime) -> None:
    """Every hour, email the privacy officers about newly overdue incidents, once for each."""
    notify_overdue(client_id, actor=actor, at=at)
