"""``manage.py destroy_key_epoch N``: remove a wrapping key permanently, once neither data nor backups need it."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from paktaleem.directory.people.key_epochs.services import EpochNotEmpty, EpochTooYoung, destroy_epoch
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.encryption.keyring import EpochInUse, EpochUnknown

REFUSED = 2


class Command(BaseCommand):
    """Destroy an old epoch, or report why it cannot be destroyed."""

    help = "Remove an old wrapping key from the keyring file permanently."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("epoch", type=int)

    def handle(self, *_: Any, epoch: int, **__: Any) -> None:
        try:
            destroy_epoch(epoch, actor=system_actor("destroy_key_epoch"), at=wall_clock_now())
        except (EpochUnknown, EpochInUse, EpochNotEmpty, EpochTooYoung) as refusal:
            raise CommandError(_refusal_message(refusal, epoch), returncode=REFUSED) from refusal
        except (ImproperlyConfigured, OSError) as error:
            raise CommandError(str(error), returncode=REFUSED) from error
        self.stdout.write(f"Epoch {epoch} is destroyed. Destroy every copy of the old keyring file as well.")


def _refusal_message(refusal: Exception, epoch: int) -> str:
    match refusal:
        case EpochInUse():
            return f"Epoch {epoch} is the current one, or prepared to become it. Run new_key_epoch first."
        case EpochNotEmpty():
            count = refusal.args[0]
            return f"{count:,} people's keys are wrapped under epoch {epoch}: they would be erased. Run rewrap_keys."
        case EpochTooYoung(ends_at=None):
            return f"It is not recorded since when no key uses epoch {epoch}. Run rewrap_keys, which records it."
        case EpochTooYoung():
            return (
                f"Backups are kept {settings.BACKUP_LIFE.days} days and may hold keys under epoch {epoch} until"
                f" {refusal.ends_at:%Y-%m-%d %H:%M} UTC; destroyed earlier, they could not be restored."
            )
    return f"The keyring has no epoch {epoch}."
