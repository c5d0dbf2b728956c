"""``manage.py purge_api``: delete expired answers to repeated requests (the worker does so every hour)."""

from typing import Any

from django.core.management.base import BaseCommand

from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.web.api.purging import purge_expired


class Command(BaseCommand):
    """Delete the stored answers to repeated requests that expired, of all clients."""

    help = "Delete the stored answers to repeated requests that expired, of all clients."

    def handle(self, *_: Any, **__: Any) -> None:
        """Delete them, and report the number of rows."""
        self.stdout.write(f"{purge_expired(at=wall_clock_now())} expired rows deleted.")
