"""One sweep, or the orders of one batch, in small chunks as the worker's task does them: a program to be killed.

``python -m tests.faults.sweeping CLIENT flag SWEEP CHUNK TIME``, or ``order BATCH``. Prints a line
for each chunk, and another when it is done.
"""

import sys
from datetime import datetime
from typing import Any
from uuid import UUID

import django


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Do every chunk, in a transaction each."""
    django.setup()
    from paktaleem.foundation.accounts.actors import system_actor  # noqa: PLC0415 -- needs the settings
    from paktaleem.foundation.tenancy.context import in_client  # noqa: PLC0415 -- as above
    from retention.disposals.models import Batch, Sweep  # noqa: PLC0415 -- as above
    from retention.disposals.services import flag_chunk, order_chunk  # noqa: PLC0415 -- as above

    client, act, key, size, at = sys.argv[1:]
    stamp: dict[str, Any] = {"actor": system_actor("tests"), "at": datetime.fromisoformat(at), "size": int(size)}

    def step() -> bool:
        with in_client(UUID(client)):
            if act == "flag":
                return flag_chunk(Sweep.objects.get(pk=key), **stamp)
            return order_chunk(Batch.objects.get(pk=key), **stamp)

    while step():
        say("chunk")
    say("done")


if __name__ == "__main__":
    main()
