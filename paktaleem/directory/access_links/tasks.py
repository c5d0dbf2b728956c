"""Background tasks for links and codes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from procrastinate.contrib.django import app

from paktaleem.directory.access_links.data_kinds import LINKS, PURGE_LINKS
from paktaleem.directory.access_links.models import PageCode, PageLink
from paktaleem.directory.access_links.services import SEND_CODES, CodeRequest, send_codes
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.upkeep.periods.purging import purge_clients
from paktaleem.foundation.upkeep.periods.selectors import get_cutoff

_AT_ONCE = 5_000


@app.task(name=SEND_CODES, pass_context=False)
def send_requested_codes(  # noqa: PLR0917 -- arguments of a job
    client: str, page: str, language: str, field: str, index: str, link: str | None, knock: str
) -> None:
    """Send codes to the people to whom a contact or a link belongs, if any."""
    client_id = UUID(client)
    asked = CodeRequest(client_id, page, language, field, bytes.fromhex(index), UUID(link) if link else None)
    with in_client(client_id):
        send_codes(asked, knock=bytes.fromhex(knock), actor=system_actor(SEND_CODES), at=wall_clock_now())


@app.periodic(cron="37 * * * *", periodic_id="forget_doors")
@app.task(name=PURGE_LINKS, queueing_lock=PURGE_LINKS, pass_context=False)
def purge_expired_links(timestamp: int) -> int:
    """Delete, every hour, links and codes that expired some time ago; the ledger keeps that they were issued."""
    del timestamp
    return purge_clients(LINKS, _purge_batch, due=_list_clients_with_expired)


def _list_clients_with_expired(*, at: datetime) -> set[UUID]:
    before = get_cutoff(LINKS, at=at)
    expired = [model._default_manager.filter(expires_at__lt=before).order_by() for model in (PageLink, PageCode)]
    return {client_id for rows in expired for client_id in rows.values_list("client_id", flat=True).distinct()}


def _purge_batch(client_id: UUID, at: datetime) -> int:
    del at  # links and codes expire on the system clock
    before, rows = get_cutoff(LINKS, at=wall_clock_now()), 0
    for model in (PageLink, PageCode):
        own: Any = model._default_manager.filter(client_id=client_id)
        expired = own.filter(expires_at__lt=before).order_by("expires_at").values("pk")[:_AT_ONCE]
        rows += own.filter(pk__in=expired).delete()[0]
    return rows
