"""``manage.py destroy_key_epoch N``: remove a wrapping key permanently, once neither data nor backups need it."""

from argparse import ArgumentParser

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from paktaleem.directory.people.key_epochs.services import EpochNeeded, destroy_epoch
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.encryption.keyring import EpochInUse, EpochUnknown

REFUSED = 2


class Command(BaseCommand):
    help = "Remove an old wrapping key from the keyring file permanently."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("epoch", type=int)

    def handle(self, *_: object, epoch: int, **__: object) -> None:
        try:
            destroy_epoch(epoch, actor=system_actor("destroy_key_epoch"), at=wall_clock_now())
        except (EpochUnknown, EpochInUse, EpochNeeded, ImproperlyConfigured, OSError) as error:
            raise CommandError(str(error), returncode=REFUSED) from error
        self.stdout.write(f"Epoch {epoch} is destroyed. Destroy every copy of the old keyring file as well.")
