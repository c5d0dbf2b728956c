"""The background task that disposes of the portal's own data."""

from procrastinate.contrib.django import app

from paktaleem.foundation.operations.jobs import do_each
from paktaleem.foundation.upkeep.periods.kinds import list_kinds
from paktaleem.foundation.upkeep.periods.purging import DISPOSE, dispose_of


@app.periodic(cron="17 * * * *", periodic_id="dispose")
@app.task(name=DISPOSE, queueing_lock=DISPOSE, pass_context=False)
def dispose_of_old_data(timestamp: int) -> None:
    """Dispose, every hour, of what is due of every kind; a kind that fails does not stop the others."""
    del timestamp
    do_each([kind for kind in list_kinds() if kind.is_counted], dispose_of)
