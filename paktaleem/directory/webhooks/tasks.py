"""Background tasks for webhooks: continuous sending, and deletion of old messages."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from procrastinate.contrib.django import app

from paktaleem.directory.webhooks.data_kinds import MESSAGES, PURGE_MESSAGES
from paktaleem.directory.webhooks.sender import PUMP, Pump
from paktaleem.directory.webhooks.services import purge_messages
from paktaleem.foundation.accounts.selectors import list_client_ids
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.upkeep.periods.purging import purge_clients
from paktaleem.foundation.upkeep.periods.selectors import get_cutoff


@app.periodic(cron="* * * * *", periodic_id="webhooks_pump")
@app.task(name=PUMP, queueing_lock=PUMP, pass_context=False)
async def pump(timestamp: int) -> None:
    """Send for a minute; the next job continues. Overlapping jobs share the endpoints."""
    del timestamp
    await Pump().run(seconds=settings.WEBHOOKS_PUMP_SECONDS)


@app.periodic(cron="53 * * * *", periodic_id="webhooks_forget")
@app.task(name=PURGE_MESSAGES, queueing_lock=PURGE_MESSAGES, pass_context=False)
def purge_old_messages(timestamp: int) -> int:
    """Delete, every hour, messages and their log after the period ``MESSAGES``; return the number of messages."""
    del timestamp
    return purge_clients(MESSAGES, _purge_batch, clients=list_client_ids())


def _purge_batch(client_id: UUID, at: datetime) -> int:
    del at  # deliveries are on the system clock
    return purge_messages(client_id, before=get_cutoff(MESSAGES, at=wall_clock_now()))
