"""What the worker does for the API."""

from datetime import UTC, datetime

from procrastinate.contrib.django import app

from paktaleem.api.purging import purge_kept_answers

__all__ = ["purge_api"]


@app.periodic(cron="23 * * * *")
@app.task(queueing_lock="purge_api", pass_context=False)
def purge_api(timestamp: int) -> int:
    """Throw away the expired answers, every hour; returns how many."""
    return purge_kept_answers(at=datetime.fromtimestamp(timestamp, UTC))
