"""The background task that sends webhooks."""

from django.conf import settings
from procrastinate.contrib.django import app

from paktaleem.directory.webhooks.sender import PUMP, Pump


@app.periodic(cron="* * * * *", periodic_id="webhooks_pump")
@app.task(name=PUMP, queueing_lock=PUMP, pass_context=False)
async def pump(timestamp: int) -> None:
    """Send for a minute; the next job continues. Overlapping jobs share the endpoints."""
    del timestamp
    await Pump().run(seconds=settings.WEBHOOKS_PUMP_SECONDS)
