"""``manage.py purge_api``: throw away what the API kept for a time (the worker does so every hour)."""

from typing import Any

from django.core.management.base import BaseCommand

from paktaleem.foundation.api.purging import purge_expired
from paktaleem.foundation.clock import real_now


class Command(BaseCommand):
    """Deletes answers kept for Idempotency-Key, and noted changes, whose time is over."""

    help = "Delete what the API kept for a time only, of every client."

    def handle(self, *_: Any, **__: Any) -> None:
        """Purge, and say how many."""
        self.stdout.write(f"{purge_expired(at=real_now())} expired rows deleted.")
