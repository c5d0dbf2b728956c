"""Check that every ledger entry still is what was recorded."""

from collections.abc import Iterator
from uuid import UUID

from paktaleem.foundation.audit.canonical import compute_leaf_hash
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import as_officer

_AT_ONCE = 2_000


class EntryChanged(Exception):
    """The text of an entry does not have the hash that was recorded with it; the argument is its id."""


def check_entries() -> int:
    """Compare the text of every entry of all clients with its hash; return the number of entries.

    Raises EntryChanged at the first that differs. Call outside any tenant context.
    """
    return sum(1 for _ in _check_each())


def _check_each() -> Iterator[UUID]:
    last: UUID | None = None
    while True:
        with as_officer():
            found = Entry.objects.order_by("pk").values_list("pk", "body", "leaf_hash")
            rows = list((found.filter(pk__gt=last) if last else found)[:_AT_ONCE])
        for last, body, leaf_hash in rows:
            if compute_leaf_hash(body.encode()) != bytes(leaf_hash):
                raise EntryChanged(str(last))
            yield last
        if len(rows) < _AT_ONCE:
            return
