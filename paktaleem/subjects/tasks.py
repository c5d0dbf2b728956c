"""What the worker does about people."""

import logging

from django.utils import timezone
from procrastinate.contrib.django import app

from paktaleem.subjects.erasurelist import ListDamaged
from paktaleem.subjects.services.replay import replay_erasures

__all__ = ["complete_erasures"]

log = logging.getLogger(__name__)


@app.periodic(cron="* * * * *", periodic_id="complete_erasures")
@app.task(name="subjects.complete_erasures", queueing_lock="subjects.complete_erasures", pass_context=False)
def complete_erasures(timestamp: int) -> None:
    """Complete, within a minute, an erasure that was confirmed but whose commit failed."""
    del timestamp
    try:
        done = replay_erasures(at=timezone.now())
    except ListDamaged:
        log.exception("The erasure list is damaged; nobody is served until the right one is back.")
        return
    if done:
        log.warning("Completed %d confirmed erasures that the database lacked.", done)
