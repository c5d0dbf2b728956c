"""``manage.py replay_erasures``: after a restore, erase everybody again who was erased since the backup."""

from collections import Counter
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from paktaleem.directory.people.management.progress import Progress
from paktaleem.directory.people.services.erasure import CarriedOut
from paktaleem.directory.people.services.replay import replay_erasures
from paktaleem.foundation.clock import real_now
from paktaleem.foundation.encryption.erasure_list import ListDamaged

INTERRUPTED, REFUSED = 130, 2


class Command(BaseCommand):
    """Carry out the erasure list; the portal serves nobody before that is done."""

    help = "Carry out every erasure of the erasure list that this database lacks. Needed after each restore."

    def handle(self, *_: Any, **__: Any) -> None:
        """Replay the list and say what was done."""
        done: Counter[CarriedOut] = Counter()
        progress = Progress(self.stderr, what="erasures carried out", line_every=1_000)

        def told(outcome: CarriedOut) -> None:
            done[outcome] += 1
            progress.show(done.total())

        try:
            replay_erasures(at=real_now(), told=told)
        except ListDamaged as error:
            message = f"{error} Put back the right list (ERASURE_LIST_FILE); nothing was done."
            raise CommandError(message, returncode=REFUSED) from error
        except (ImproperlyConfigured, OSError) as error:
            raise CommandError(str(error), returncode=REFUSED) from error
        except KeyboardInterrupt as error:
            message = f"Interrupted after {done.total():,}; run it again to go on."
            raise CommandError(message, returncode=INTERRUPTED) from error
        finally:
            progress.end()
        self.stdout.write(_summary(done))


def _summary(done: Counter[CarriedOut]) -> str:
    if not done:
        return "Every erasure of the list is carried out in this database."
    return ", ".join(f"{done[outcome]:,} {outcome}" for outcome in CarriedOut) + "."
