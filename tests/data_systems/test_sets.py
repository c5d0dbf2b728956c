"""One order about many people, fetched in pages; data that systems gave is limited and deleted in time."""

import json
import tracemalloc
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from paktaleem.directory.data_systems.models import Order, OrderPart, OrderStep
from paktaleem.directory.data_systems.selectors import is_everything_answered, list_orders_of_system
from paktaleem.directory.data_systems.services.fulfilment import (
    MOST_PARTS,
    TooManyParts,
    accept_order,
    add_part,
    complete_order,
    hand_over,
)
from paktaleem.directory.data_systems.services.issuing import (
    OrderOpen,
    issue_orders,
    issue_orders_for_set,
    list_old_copies,
    purge_copies,
    purge_old_copies,
)
from paktaleem.directory.data_systems.states import Answer, Outcome, Section
from paktaleem.directory.files.models import FileChunk, PackageKey, SealedFile
from paktaleem.directory.files.services import FilePurged, FileTooLarge, iterate_file, store_file
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import as_officer, in_client
from tests.cast import refused_to
from tests.data_systems.ending import is_set_intact
from tests.factories import SETTING_UP, OrderSpecFactory
from tests.keeping import default_period, dispose

STUDENTS = {"danish", "hamza", "iqra"}
WORKER = system_actor("tests.copies")
PDF = b"%PDF-1.7 all that is held"


@pytest.fixture
def for_set(indus, spec, now):
    def for_set(people=None, actor=SETTING_UP, given_spec=None, **more):
        chosen = Subject.objects.filter(role="student") if people is None else people
        given = given_spec or spec(**more)
        return issue_orders_for_set(chosen, given, client_id=indus.id, actor=actor, at=now)

    return for_set


def test_each_person_gets_an_order_of_each_system(cast, library, for_set, now):
    refused_to("bilal sana celia", lambda name: for_set(actor=cast.actor(name)))
    made = for_set(categories=("content", "billing"))
    found = Order.objects.filter(order_set=made).select_related("system")
    assert (made.size, len(found)) == (9, 9)
    assert {(one.system.code, one.subject_id) for one in found} == {
        (code, cast.subject_id(name)) for code in ("billing", "library", "lms") for name in STUDENTS
    }
    categories = {one.system.code: one.categories for one in found}
    assert categories == {"billing": ["billing"], "library": ["content"], "lms": ["content"]}
    assert {(one.state, one.created_at, one.stuck_at) for one in found} == {("queued", now, now + timedelta(days=1))}
    assert {one.pk.version for one in found} == {7}
    assert {one.pk.int >> 80 for one in found} == {int(now.timestamp() * 1000)}


def test_one_statement_creates_the_orders_and_one_entry_records_them(for_set, now):
    with CaptureQueriesContext(connection) as seen:
        made = for_set()
    writes = [one["sql"] for one in seen if "INSERT" in one["sql"]]
    assert len(writes) == 2
    assert [sql.count("data_systems_order ") for sql in writes] == [1, 0]
    entry = Entry.objects.get(kind="order.set_created")
    facts = json.loads(entry.body)["facts"]
    assert (facts["count"], facts["orders_hash"], facts["set"]) == (3, made.orders_hash, str(made.pk))
    steps = OrderStep.objects.filter(order__order_set=made).values_list("state", "taken_at", "actor_id", "entry_id")
    assert set(steps) == {("queued", now, SETTING_UP.id, None)}


def test_the_number_of_statements_does_not_depend_on_the_number_of_people(indus, for_set):
    counts = []
    for role in ("instructor", "student"):
        with CaptureQueriesContext(connection) as seen:
            for_set(Subject.objects.filter(role=role))
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_the_hash_identifies_the_orders_of_a_set(cast, for_set):
    made = for_set()
    assert is_set_intact(made)
    order = Order.objects.filter(order_set=made)[0]
    with connection.cursor() as cursor:
        values = [cast.subject_id("junaid"), order.pk]
        cursor.execute("UPDATE data_systems_order SET subject_id = %s WHERE id = %s", values)
    assert not is_set_intact(made)


def test_orders_of_a_set_are_answered_like_others(lms, spec, for_set, key, now):
    given_spec = spec()
    made = for_set(given_spec=given_spec)
    mine = list(list_orders_of_system(lms, actor=key)[:2])
    hand_over(mine, system=lms, client_id=made.client_id, actor=key, at=now)
    answer = Answer(Outcome.DONE, counts={"usage_logs": 1})
    for order in list_orders_of_system(lms, actor=key):
        complete_order(accept_order(order, actor=key, at=now), answer, actor=key, at=now)
    assert is_everything_answered(given_spec.parent, client_id=made.client_id)
    confirmed = Entry.objects.filter(kind="order.confirmed")
    assert {json.loads(one.body)["facts"]["set"] for one in confirmed} == {str(made.pk)}
    assert is_set_intact(made)


def test_erased_people_are_left_out(cast, indus, for_set, now):
    erase_subject(cast.subject("danish"), actor=cast.actor("amina"), reason="subject_request", at=now)
    assert for_set().size == 2


def test_without_people_or_systems_no_set_is_created(for_set):
    assert for_set(Subject.objects.filter(external_id="nobody")) is None
    assert for_set(categories=("unheard_of",)) is None
    assert not Order.objects.exists()
    assert not Entry.objects.filter(kind="order.set_created").exists()


def test_percent_signs_in_conditions_are_escaped(for_set):
    assert for_set(Subject.objects.filter(external_id__contains="anis")).size == 1
    assert for_set(Subject.objects.filter(external_id__contains="%")) is None


def test_corrections_are_issued_one_by_one(for_set):
    with pytest.raises(ValidationError, match="one at a time"):
        for_set(kind="correct")


PEOPLE = 3_000
PAGE = 200
MOST_MEMORY = 8_000_000
"""Bytes of Python's own at the most, whatever the number; the rows of 100,000 orders would be many times that."""
_PEOPLE = """
INSERT INTO people_subject (id, client_id, external_id, role, language, is_enabled, registered_at, changed_at)
SELECT gen_random_uuid(), %(client)s, 'many-' || n, 'learner', 'en', true, %(at)s, %(at)s
FROM generate_series(1, %(people)s) n
"""


def test_a_set_of_any_size_is_issued_in_constant_memory(cast, indus, lms, spec, now):
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, {"client": indus.id, "at": now - timedelta(days=9), "people": PEOPLE})
    people, asked = Subject.objects.filter(role="learner"), spec(categories=("usage_logs",))
    tracemalloc.start()
    made = issue_orders_for_set(people, asked, client_id=indus.id, actor=SETTING_UP, at=now)
    taken = sum(len(page) for page in taken_in_pages(lms, cast.key_actor("indus"), now))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert made is not None
    assert taken == made.size == PEOPLE
    assert is_set_intact(made)
    assert most < MOST_MEMORY


def test_a_plan_for_an_empty_table_is_not_reused_for_large_sets(cast, indus, lms, spec, now):
    asked = spec(categories=("usage_logs",))
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, {"client": indus.id, "at": now - timedelta(days=9), "people": 300})
        cursor.execute("DISCARD PLANS")
        cursor.execute(_INDEXES, {"used": "off"})  # as if the table were empty
        for _ in range(8):  # it is planned anew five times, then kept
            issue_orders(cast.subject("danish"), asked, actor=SETTING_UP, at=now)
        cursor.execute(_INDEXES, {"used": "on"})
        before = whole_reads(cursor)
        people = Subject.objects.filter(role="learner")
        issue_orders_for_set(people, asked, client_id=indus.id, actor=SETTING_UP, at=now)
        assert whole_reads(cursor) - before < 10


_INDEXES = "SELECT set_config('enable_indexscan', %(used)s, true), set_config('enable_bitmapscan', %(used)s, true)"


def whole_reads(cursor):
    cursor.execute("SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'data_systems_order'")
    return cursor.fetchone()[0]


def taken_in_pages(system, key, at):
    """Fetch all orders as a system does: page by page, each handed over."""
    last = None
    while True:
        ready = list_orders_of_system(system, actor=key).ready(at)
        page = list((ready.filter(pk__gt=last) if last else ready)[:PAGE])
        if not page:
            return
        hand_over(page, system=system, client_id=system.client_id, actor=key, at=at)
        yield page
        last = page[-1].pk


@pytest.fixture
def kept():
    return default_period("system_copies")


def give(order, key, at):
    accept_order(order, actor=key, at=at)
    add_part(order, BytesIO(PDF), category="usage_logs", actor=key, at=at)
    answer = Answer(Outcome.DONE, sections=(Section("usage_logs", {"logins": 3}),))
    return complete_order(order, answer, actor=key, at=at)


@pytest.fixture
def given(issue, key, now):
    return lambda: give(issue("collect"), key, now)


def parts_of(order):
    return list(OrderPart.objects.select_related("file", "order__subject").filter(order=order).order_by("pk"))


def opened(part):
    return b"".join(iterate_file(part.file))


def test_a_system_that_gives_no_data_has_not_carried_out_the_order(issue, key, now):
    order = accept_order(issue("collect", "danish"), actor=key, at=now)
    with pytest.raises(ValidationError) as refused:
        complete_order(order, Answer(Outcome.DONE), actor=key, at=now)
    assert list(refused.value.message_dict) == ["sections"]
    add_part(order, BytesIO(PDF), category="usage_logs", actor=key, at=now)
    assert complete_order(order, Answer(Outcome.DONE), actor=key, at=now).state == "confirmed"


def test_copies_can_be_read_until_their_time_and_their_evidence_stays(given, kept, now, indus):
    order = given()
    hashes = sorted(SealedFile.objects.values_list("sealed_hash", flat=True))
    assert purge_old_copies(indus.pk, actor=WORKER, at=now + kept - timedelta(seconds=1)) == 0
    assert [opened(part) for part in parts_of(order)] == [PDF, b'{"logins":3}']
    assert PackageKey.objects.count() == 1
    assert purge_old_copies(indus.pk, actor=WORKER, at=now + kept) == 1
    assert not PackageKey.objects.exists()
    for part in parts_of(order):
        with pytest.raises(FilePurged):
            opened(part)
    assert sorted(SealedFile.objects.values_list("sealed_hash", flat=True)) == hashes
    entry = Entry.objects.get(kind="order.copies_purged")
    facts = json.loads(entry.body)["facts"]
    assert (facts["order"], entry.subject_id, entry.recorded_at) == (str(order.pk), order.subject_id, now + kept)
    assert facts["files"] == [str(part.file_id) for part in parts_of(order)]


def test_purging_again_changes_nothing(cast, given, now):
    order = given()
    first = purge_copies(order, actor=cast.actor("amina"), at=now)
    again = purge_copies(order, actor=cast.actor("amina"), at=now + timedelta(hours=1))
    assert first.copies_purged_at == again.copies_purged_at == now
    assert Entry.objects.filter(kind="order.copies_purged").count() == 1


def test_other_files_of_the_person_stay(cast, given, now):
    danish = cast.subject("danish")
    scan = store_file(danish, BytesIO(PDF), at=now)
    other, order = given(), given()
    purge_copies(order, actor=cast.actor("amina"), at=now)
    assert b"".join(iterate_file(scan)) == opened(parts_of(other)[0]) == PDF


def test_files_of_a_package_cannot_be_decrypted_with_the_persons_key(given):
    order = given()
    [part, _] = parts_of(order)
    PackageKey.objects.all().delete()
    assert FileChunk.objects.filter(file=part.file).exists()
    with pytest.raises(FilePurged):
        opened(part)


def test_copies_of_an_open_order_cannot_be_purged(cast, issue, key, now):
    order = accept_order(issue("collect"), actor=key, at=now)
    add_part(order, BytesIO(PDF), category="usage_logs", actor=key, at=now)
    with pytest.raises(OrderOpen):
        purge_copies(order, actor=cast.actor("amina"), at=now)


def test_systems_may_not_purge(given, key, now):
    with pytest.raises(NotAllowed):
        purge_copies(given(), actor=key, at=now)


def test_the_worker_purges_every_night(committed, kept, now, time_machine):
    client = committed.client_id("indus")
    with in_client(client):
        spec, amina = OrderSpecFactory(kind="collect", at=now), committed.actor("amina")
        [order] = issue_orders(committed.subject("danish"), spec, actor=amina, at=now)
        give(order, committed.key_actor("indus"), now)
    time_machine.move_to(now + kept, tick=False)
    with as_officer():
        assert list(list_old_copies(now + kept).values_list("client_id", flat=True)) == [client]
    dispose("system_copies")
    with in_client(client):
        order.refresh_from_db()
        assert order.copies_purged_at is not None
        assert not PackageKey.objects.exists()


@pytest.fixture
def collecting(issue, key, now):
    return accept_order(issue("collect", categories=("content",)), actor=key, at=now)


def sections(count):
    return Answer(Outcome.DONE, sections=tuple(Section("content", {"essay": number}) for number in range(count)))


def state(order):
    return Order.objects.get(pk=order.pk).state, OrderPart.objects.filter(order=order).count()


def test_the_number_of_parts_is_limited(collecting, key, now):
    add_part(collecting, BytesIO(b"%PDF-1.7 essay"), category="content", actor=key, at=now)
    with pytest.raises(TooManyParts):
        complete_order(collecting, sections(MOST_PARTS), actor=key, at=now)
    assert state(collecting) == ("accepted", 1), "nothing of the answer is kept"
    complete_order(collecting, sections(MOST_PARTS - 1), actor=key, at=now)
    assert state(collecting) == ("confirmed", MOST_PARTS)


def test_files_count_as_parts(collecting, key, now, monkeypatch):
    monkeypatch.setattr("paktaleem.directory.data_systems.services.fulfilment.MOST_PARTS", 2)
    for _ in range(2):
        add_part(collecting, BytesIO(b"%PDF-1.7 essay"), category="content", actor=key, at=now)
    with pytest.raises(TooManyParts):
        add_part(collecting, BytesIO(b"%PDF-1.7 essay"), category="content", actor=key, at=now)
    assert state(collecting) == ("accepted", 2)


def test_a_section_is_limited_like_a_file(collecting, key, now, settings):
    settings.FILE_MOST_BYTES = 100
    large = Answer(Outcome.DONE, sections=(Section("content", "x" * 100),))
    with pytest.raises(FileTooLarge):
        complete_order(collecting, large, actor=key, at=now)
    assert state(collecting) == ("accepted", 0)
