"""Background tasks for webhooks: continuous sending, and deletion of old messages."""

from datetime import timedelta

from django.conf import settings
from procrastinate.contrib.django import app

from paktaleem.directory.webhooks.sender import PUMP, Pump
from paktaleem.directory.webhooks.services.purging import AT_ONCE, purge_messages
from paktaleem.foundation.accounts.selectors import list_client_ids
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client

__all__ = ["pump", "purge_old_messages"]

FORGET = "webhooks.forget_old_messages"


@app.periodic(cron="* * * * *", periodic_id="webhooks_pump")
@app.task(name=PUMP, queueing_lock=PUMP, pass_context=False)
async def pump(timestamp: int) -> None:
    """Send for a minute; the next job continues. Overlapping jobs share the endpoints."""
    del timestamp
    await Pump().run(seconds=settings.WEBHOOKS_PUMP_SECONDS)


@app.periodic(cron="53 * * * *", periodic_id="webhooks_forget")
@app.task(name=FORGET, queueing_lock=FORGET, pass_context=False)
def purge_old_messages(timestamp: int) -> int:
    """Delete, every hour, messages and their log older than WEBHOOKS_KEPT_DAYS; return the number of messages."""
    del timestamp
    before, gone = wall_clock_now() - timedelta(days=settings.WEBHOOKS_KEPT_DAYS), 0
    for client_id in list_client_ids():
        deleted = AT_ONCE
        while deleted == AT_ONCE:
            with in_client(client_id):
                deleted = purge_messages(client_id, before=before)
            gone += deleted
    return gone
