"""Data that systems gave is limited, and deleted when it is no longer needed."""

import json
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError

from paktaleem.directory.data_systems.models import Order, OrderPart
from paktaleem.directory.data_systems.services.collecting import MOST_PARTS, TooManyParts, add_part
from paktaleem.directory.data_systems.services.fulfilment import accept_order, complete_order
from paktaleem.directory.data_systems.services.issuing import (
    OrderOpen,
    issue_orders,
    list_old_copies,
    purge_copies,
    purge_old_copies,
)
from paktaleem.directory.data_systems.states import Answer, Outcome, Section
from paktaleem.directory.files.models import FileChunk, PackageKey, SealedFile
from paktaleem.directory.files.services import FilePurged, FileTooLarge, iterate_file, store_file
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import as_officer, in_client
from tests.factories import OrderSpecFactory
from tests.keeping import default_period, dispose

WORKER = system_actor("tests.copies")
PDF = b"%PDF-1.7 all that is held"


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
    monkeypatch.setattr("paktaleem.directory.data_systems.services.collecting.MOST_PARTS", 2)
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
