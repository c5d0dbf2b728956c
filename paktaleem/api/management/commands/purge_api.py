"""``manage.py purge_api``: throw away expired answers of the API (the worker does so every hour)."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from paktaleem.api.purging import purge_kept_answers


class Command(BaseCommand):
    """Deletes answers kept for Idempotency-Key whose time is over."""

    help = "Delete the API's expired answers, of every client."

    def handle(self, *_: Any, **__: Any) -> None:
        """Purge, and say how many."""
        self.stdout.write(f"{purge_kept_answers(at=timezone.now())} expired answers deleted.")
