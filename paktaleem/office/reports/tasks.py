"""Background tasks: the weeks of every client are counted; the weekly digest of each client is sent."""

from datetime import datetime
from uuid import UUID

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.tasks import each_client
from paktaleem.office.reports.digests import send_digest
from paktaleem.office.reports.trends import count_weeks


@each_client("trends.count", cron="21 * * * *")
def count_all_weeks(client_id: UUID, actor: Actor, at: datetime) -> None:
    """Every hour, count the weeks of each client whose last count is six hours old."""
    count_weeks(Client.objects.get(pk=client_id), actor=actor, at=at)


@each_client("digests.send", cron="11 * * * *")
def send_digests(client_id: UUID, actor: Actor, at: datetime) -> None:
    """Every hour, send the digest of the last week to each client that has not got it, from its Monday on."""
    send_digest(Client.objects.get(pk=client_id), actor=actor, at=at)
