"""``manage.py check_ledger``: is every entry of the ledger what was recorded? It cannot see deleted entries."""

from django.core.management.base import BaseCommand, CommandError

from paktaleem.foundation.audit.services import EntryChanged, check_entries

CHANGED = 2
_LIMIT = "This does not show whether entries were deleted: compare the number with that of an earlier backup."


class Command(BaseCommand):
    help = "Compare the text of every ledger entry with its hash. Exit status 2 if one was changed. Sees no deletions."
    requires_system_checks: list[str] = []

    def handle(self, *_: object, **__: object) -> None:
        try:
            number = check_entries()
        except EntryChanged as error:
            raise CommandError(f"Entry {error} is not what was recorded.", returncode=CHANGED) from error
        self.stdout.write(f"{number:,} entries are as they were recorded. {_LIMIT}")
