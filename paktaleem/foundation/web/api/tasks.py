"""Background tasks of the API."""

from datetime import UTC, datetime

from procrastinate.contrib.django import app

from paktaleem.foundation.web.api.purging import purge_expired


@app.periodic(cron="23 * * * *")
@app.task(queueing_lock="purge_api", pass_context=False)
def purge_api(timestamp: int) -> int:
    """Purge stored answers every hour; return the number of rows."""
    return purge_expired(at=datetime.fromtimestamp(timestamp, UTC))
