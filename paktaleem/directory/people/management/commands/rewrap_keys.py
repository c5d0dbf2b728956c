"""``manage.py rewrap_keys``: wrap every person's key under the current epoch without stopping the portal."""

from argparse import ArgumentParser
from collections.abc import Iterator
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from paktaleem.directory.people.key_epochs.services import (
    RewrapResult,
    keys_by_epoch,
    record_emptied_epochs,
    rewrap_keys,
    rewrap_other_kinds,
)
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.selectors import list_client_ids
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.encryption.keyring import keyring
from paktaleem.foundation.tenancy.context import in_client

INTERRUPTED = 130


class Command(BaseCommand):
    help = "Wrap every person's key under the current epoch. It can be interrupted: the next run continues."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch", type=int, default=1_000, metavar="N", help="Keys in one transaction (1,000).")

    def handle(self, *_: object, batch: int, **__: object) -> None:
        done, moved = 0, set[int]()
        unopened: list[UUID] = []
        try:
            for part in _batches(batch):
                done += part.changed
                moved |= part.epochs
                unopened += part.unopened
                self.stderr.write(f"{done:,} keys rewrapped", style_func=str)
        except KeyboardInterrupt as error:
            message = f"Interrupted after {done:,} keys; run it again to continue."
            raise CommandError(message, returncode=INTERRUPTED) from error
        self.stdout.write(f"{done:,} keys rewrapped under epoch {keyring().current_epoch}.")
        self._conclude(frozenset(moved), unopened)

    def _conclude(self, moved: frozenset[int], unopened: list[UUID]) -> None:
        actor, at = system_actor("rewrap_keys"), wall_clock_now()
        for epoch in record_emptied_epochs(moved=moved, actor=actor, at=at):
            self.stdout.write(
                f"Epoch {epoch} is no longer used by any key; the retention of its backups counts from now."
            )
        if unopened:
            shown = ", ".join(str(subject) for subject in unopened[:3])
            raise CommandError(
                f"{len(unopened):,} keys cannot be opened under their epoch and were not changed: {shown} …"
            )
        left = sum(count for epoch, count in keys_by_epoch().items() if epoch != keyring().current_epoch)
        if left:
            raise CommandError(f"{left:,} keys changed during the run and are still under another epoch; run it again.")


def _batches(size: int) -> Iterator[RewrapResult]:
    for client_id in list_client_ids():
        after: UUID | None = None
        while True:
            with in_client(client_id):
                part = rewrap_keys(client_id, after=after, limit=size)
            if part.last is None:
                break
            yield part
            after = part.last
        with in_client(client_id):
            moved = rewrap_other_kinds(client_id)
        if moved:
            yield RewrapResult(0, moved, (), None)
