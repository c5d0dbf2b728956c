"""``manage.py replay_erasures``: after a restore, repeat the erasures that happened since the backup."""

from collections import Counter

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from paktaleem.directory.people.services.erasure import ErasureOutcome, replay_erasures
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.encryption.erasure_list import ListDamaged

INTERRUPTED, REFUSED, LINE_EVERY = 130, 2, 1_000


class Command(BaseCommand):
    help = "Carry out the erasures of the erasure list that this database lacks. Required after each restore."

    def handle(self, *_: object, **__: object) -> None:
        done: Counter[ErasureOutcome] = Counter()

        def report_outcome(outcome: ErasureOutcome) -> None:
            done[outcome] += 1
            if done.total() % LINE_EVERY == 0:
                self.stderr.write(f"{done.total():,} erasures carried out", style_func=str)

        try:
            replay_erasures(at=wall_clock_now(), report=report_outcome)
        except ListDamaged as error:
            message = f"{error} Restore the right list (ERASURE_LIST_FILE); nothing was done."
            raise CommandError(message, returncode=REFUSED) from error
        except (ImproperlyConfigured, OSError) as error:
            raise CommandError(str(error), returncode=REFUSED) from error
        except KeyboardInterrupt as error:
            message = f"Interrupted after {done.total():,}; run it again to continue."
            raise CommandError(message, returncode=INTERRUPTED) from error
        counts = ", ".join(f"{done[outcome]:,} {outcome}" for outcome in ErasureOutcome)
        self.stdout.write(f"{counts}." if done else "This database has carried out every erasure of the list.")
