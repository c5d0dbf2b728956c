"""``manage.py new_key_epoch``: add a wrapping key; new people's keys are wrapped under it at once."""

from argparse import ArgumentParser

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from paktaleem.directory.people.key_epochs.services import add_epoch
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM


class Command(BaseCommand):
    help = "Add a wrapping key to the keyring file; then run rewrap_keys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--prepare",
            action="store_true",
            help="Add the key without using it: copy the file to every host, then run this again without --prepare.",
        )

    def handle(self, *_: object, prepare: bool, **__: object) -> None:
        try:
            with in_client(PAKTALEEM):
                current = add_epoch(
                    becomes_current=not prepare, actor=system_actor("new_key_epoch"), at=wall_clock_now()
                )
        except (ImproperlyConfigured, OSError) as error:
            raise CommandError(str(error), returncode=2) from error
        if prepare:
            self.stdout.write(f"Prepared. Epoch {current} is still the current one.")
            return
        self.stdout.write(
            f"Epoch {current} is current. Servers on this host use it from their next key on, without a restart."
            "\nNext: manage.py rewrap_keys"
        )
