"""What the worker does about webhooks: it sends, all the time."""

from django.conf import settings
from procrastinate.contrib.django import app

from paktaleem.webhooks.pump import PUMP, Pump

__all__ = ["pump"]


@app.periodic(cron="* * * * *", periodic_id="webhooks_pump")
@app.task(name=PUMP, queueing_lock=PUMP, pass_context=False)
async def pump(timestamp: int) -> None:
    """Send for a minute; the next job goes on. Two that overlap share the endpoints between them."""
    del timestamp
    await Pump().run(seconds=settings.WEBHOOKS_PUMP_SECONDS)
