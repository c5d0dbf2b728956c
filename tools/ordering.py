"""The order of the tests: those that share something costly to make run in the same process.

pytest-xdist with ``--dist worksteal`` gives each process a part of the list, in order, and takes from the end of a part
for a process that has finished. The tests at the beginning of a part stay there.
"""

from collections.abc import Sequence

import pytest

BROWSER = {"chromium", "shared_demonstration"}
"""Fixtures of tests that run first: one process starts the browser and the demonstration."""
ROWS = {"rows"}
"""Fixtures of tests at the beginning of the second half: another process makes a row for every model."""
LONGEST = "tests/scale/"
"""Folder of the longest tests. They come next: at the end, one process would wait minutes for them."""


def ordered(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the tests in the order in which to run them."""
    browser = [item for item in items if _uses(item, BROWSER)]
    rows = [item for item in items if _uses(item, ROWS) and not _uses(item, BROWSER)]
    others = [item for item in items if not _uses(item, BROWSER | ROWS)]
    longest = [item for item in others if item.nodeid.startswith(LONGEST)]
    others = [item for item in others if item not in longest]
    before = max(len(items) // 2 - len(browser), 0)
    return [*browser, *others[:before], *rows, *longest, *others[before:]]


def _uses(item: pytest.Item, fixtures: set[str]) -> bool:
    return not fixtures.isdisjoint(getattr(item, "fixturenames", ()))
