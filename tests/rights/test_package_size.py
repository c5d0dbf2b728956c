"""A copy with many rows is built in flat memory: 15,000 in the suite, a hundred thousand in ``make test-deep``."""

import tracemalloc
from collections.abc import Iterator

import pytest
from django.db import connection

from paktaleem.directory.people.copies.declarations import Reader
from paktaleem.directory.people.copies.sections import list_sections
from paktaleem.directory.people.selectors import sealer_of
from tests.cast import Cast
from tests.faults.size import sized
from tests.rights.cases import decided, received
from tests.rights.packing import answered, build, package_of

ROWS = sized(15_000, 100_000)
MOST_BYTES = sized(8_000_000, 40_000_000)
"""A copy of the rows alone would take five hundred bytes each."""
FILL = """
INSERT INTO audit_entry
    (id, client_id, kind, subject_id, actor_kind, actor_id, actor_role, recorded_at, body, leaf_hash)
SELECT gen_random_uuid(), %s, 'subject.changed', %s, 'system', gen_random_uuid(), 'system', now(),
    repeat('x', 400), '\\x00'::bytea
FROM generate_series(1, %s)
"""


@pytest.fixture
def memory() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def test_many_entries_need_no_more_memory_than_a_few(cast: Cast, indus, memory: None) -> None:
    del memory
    request = decided(cast, received(cast))
    answered(cast, request)
    with connection.cursor() as cursor:
        cursor.execute(FILL, [request.client_id, request.subject_id, ROWS])
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    assert build(request) is not None
    assert tracemalloc.get_traced_memory()[1] - before < MOST_BYTES
    subject = cast.subject("hamza")
    ledger = next(one for one in list_sections() if one.code == "ledger")
    assert sum(1 for _row in ledger.read(Reader(subject, sealer_of(subject)))) > ROWS
    assert package_of(request).state == "ready"
