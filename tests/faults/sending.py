"""The worker's sending as a process to be killed: ``python -m tests.faults.sending FILE``.

It is forked anew whenever it has died; the process id of the living one stands in FILE.
"""

import asyncio
import os
import sys
from pathlib import Path

import django

FOR_LONG = 3_600.0


def main() -> None:
    """Start it again and again, until this process is ended with all of its session."""
    django.setup(set_prefix=False)
    from paktaleem.webhooks.pump import Pump  # noqa: PLC0415 -- needs the app registry

    file = Path(sys.argv[1])
    while True:
        pid = os.fork()
        if pid == 0:
            asyncio.run(Pump().run(seconds=FOR_LONG))
            os._exit(0)
        file.with_suffix(".new").write_text(str(pid))
        file.with_suffix(".new").rename(file)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paktaleem.settings")
    main()
