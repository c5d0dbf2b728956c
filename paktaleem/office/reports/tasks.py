"""Background tasks: count weeks, keep findings about the use of data, send digests, gather packs for regulators."""

from datetime import datetime
from uuid import UUID

from procrastinate.contrib.django import app

from paktaleem.foundation.accounts.actors import Actor, system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.tasks import each_client
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.reports.digests import send_digest
from paktaleem.office.reports.regulator.services import GATHER, fail_pack, gather_section
from paktaleem.office.reports.trends import count_weeks
from paktaleem.office.reports.use import record_findings


@each_client("trends.count", cron="21 * * * *")
def count_all_weeks(client_id: UUID, actor: Actor, at: datetime) -> None:
    """Every hour, count the weeks of each client whose last count is six hours old."""
    count_weeks(Client.objects.get(pk=client_id), actor=actor, at=at)


@each_client("digests.send", cron="11 * * * *")
def send_digests(client_id: UUID, actor: Actor, at: datetime) -> None:
    """Every hour, send the digest of the last week to each client that has not got it, from its Monday on."""
    send_digest(Client.objects.get(pk=client_id), actor=actor, at=at)


@each_client("use.record", cron="41 */6 * * *")
def record_use(client_id: UUID, actor: Actor, at: datetime) -> None:
    """Every six hours, keep the findings of the last day of each client; what systems report late is found too."""
    record_findings(Client.objects.get(pk=client_id), actor=actor, at=at)


@app.task(name=GATHER, pass_context=False)
def gather_pack(client: str, pack: str) -> None:
    """Gather a pack, a transaction for each section; one that fails is shown to staff, and the fault is raised."""
    client_id, key, actor, more = UUID(client), UUID(pack), system_actor(GATHER), True
    try:
        while more:
            with in_client(client_id):
                more = gather_section(key, client_id=client_id, actor=actor, at=client_now())
    except Exception:
        with in_client(client_id):
            fail_pack(key, client_id=client_id, actor=actor, at=client_now())
        raise
