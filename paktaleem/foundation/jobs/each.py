"""Do the same for each of many rows in a background task, so that one failure does not stop the others."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack

__all__ = ["do_each"]


def do_each[Item](items: Sequence[Item], act: Callable[[Item], object]) -> None:
    """Call ``act`` for each item, in their order, also after one has failed.

    Each call opens its own context, so only its own transaction is rolled back. Raises the last error once all are
    done; the earlier ones are its ``__context__``.
    """
    with ExitStack() as calls:
        for item in reversed(items):
            calls.callback(act, item)
