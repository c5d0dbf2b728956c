"""``manage.py reseal_second_factors``: seal every second factor's secret under the current key epoch."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from paktaleem.directory.sign_in.enrolment import reseal_second_factors
from paktaleem.foundation.tenancy.context import in_global


class Command(BaseCommand):
    """Seal anew, while the portal serves; before an old epoch is destroyed."""

    help = "Seal the secrets of second factors under the current wrapping key."

    def handle(self, *_: Any, **__: Any) -> None:
        """Seal them in one transaction; say how many, and how many cannot be opened any more."""
        with in_global():
            done, lost = reseal_second_factors()
        self.stdout.write(f"{done:,} second factors sealed anew.")
        if lost:
            raise CommandError(f"{lost:,} second factors cannot be opened: their key is gone. Reset them.")
