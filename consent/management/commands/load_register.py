"""``manage.py load_register``: load the shared catalogue and the privacy notice."""

from django.core.management.base import BaseCommand

from consent.notices.services.publishing import load_register
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM


class Command(BaseCommand):
    """Load the starter register; running it again adds only what is missing."""

    help = "Load PakTaleem's starter register; existing rows are not changed."

    def handle(self, *_: object, **__: object) -> None:
        with in_client(PAKTALEEM):
            added = load_register(actor=system_actor("load_register"), at=wall_clock_now())
        self.stdout.write(f"Register: {added} rows added." if added else "Register: nothing to add.")
