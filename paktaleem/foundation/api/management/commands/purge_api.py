"""``manage.py purge_api``: purge expired API data (the worker does so every hour)."""

from typing import Any

from django.core.management.base import BaseCommand

from paktaleem.foundation.api.purging import purge_expired
from paktaleem.foundation.clock import wall_clock_now


class Command(BaseCommand):
    """Delete expired idempotent responses and change records of all clients."""

    help = "Delete expired idempotent responses and change records of all clients."

    def handle(self, *_: Any, **__: Any) -> None:
        """Purge, and report the number of rows."""
        self.stdout.write(f"{purge_expired(at=wall_clock_now())} expired rows deleted.")
