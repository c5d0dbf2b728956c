"""A sweep, the orders of a batch, the export or the erasures of an exit, in small chunks: a program to be killed.

``python -m tests.faults.sweeping CLIENT flag SWEEP CHUNK TIME``, or ``order BATCH``, ``export EXIT``, ``erase EXIT``.
Prints a line for each chunk, as the worker's task does them, and another when it is done.
"""

import sys
from datetime import datetime
from typing import Any
from uuid import UUID

import django


def say(line):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main():
    django.setup()
    from paktaleem.foundation.accounts.actors import system_actor  # noqa: PLC0415 -- needs the settings
    from paktaleem.foundation.tenancy.context import in_client  # noqa: PLC0415 -- as above
    from paktaleem.office.exits.models import AgreementExit  # noqa: PLC0415 -- as above
    from paktaleem.office.exits.services.ending import erase_chunk  # noqa: PLC0415 -- as above
    from paktaleem.office.exits.services.exporting import export_chunk  # noqa: PLC0415 -- as above
    from retention.disposals.models import Batch, Sweep  # noqa: PLC0415 -- as above
    from retention.disposals.services.batches import flag_chunk  # noqa: PLC0415 -- as above
    from retention.disposals.services.executing import order_chunk  # noqa: PLC0415 -- as above

    client, act, key, size, at = sys.argv[1:]
    acts: dict[str, tuple[Any, Any]] = {
        "flag": (Sweep, flag_chunk),
        "order": (Batch, order_chunk),
        "export": (AgreementExit, export_chunk),
        "erase": (AgreementExit, erase_chunk),
    }
    model, do = acts[act]
    stamp: dict[str, Any] = {"actor": system_actor("tests"), "at": datetime.fromisoformat(at), "size": int(size)}

    def step():
        with in_client(UUID(client)):
            return bool(do(model.objects.get(pk=key), **stamp))

    while step():
        say("chunk")
    say("done")


if __name__ == "__main__":
    main()
