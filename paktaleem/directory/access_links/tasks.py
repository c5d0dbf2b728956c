"""Background tasks for links and codes."""

from datetime import timedelta
from uuid import UUID

from procrastinate.contrib.django import app

from paktaleem.directory.access_links.models import PageCode, PageLink
from paktaleem.directory.access_links.services import SEND_CODES, CodeRequest, send_codes
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import as_officer, in_client

__all__ = ["purge_expired_links", "send_requested_codes"]

KEPT = timedelta(days=1)


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
@app.task(name="doors.forget", queueing_lock="doors.forget", pass_context=False)
def purge_expired_links(timestamp: int) -> None:
    """Delete, every hour, links and codes that expired a day ago; the ledger keeps that they were issued."""
    del timestamp
    before = wall_clock_now() - KEPT
    for model in (PageLink, PageCode):
        with as_officer():
            expired = model._default_manager.filter(expires_at__lt=before)
            clients = list(expired.order_by().values_list("client_id", flat=True).distinct())
        for client_id in clients:
            with in_client(client_id):
                model._default_manager.filter(client_id=client_id, expires_at__lt=before).delete()
