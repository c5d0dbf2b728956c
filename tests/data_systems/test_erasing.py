"""An erasure is ordered everywhere, also with open orders; the key is destroyed at the end."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from cryptography.exceptions import InvalidTag
from django.db import IntegrityError, connection, connections, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.directory.data_systems.models import Order, System
from paktaleem.directory.data_systems.selectors import name_of
from paktaleem.directory.data_systems.services.fulfilment import (
    accept_order,
    approve_waiver,
    carry_out_by_hand,
    complete_order,
    propose_waiver,
)
from paktaleem.directory.data_systems.services.issuing import ERASURE_DUE, issue_orders
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.key_epochs.services import rewrap_other_kinds
from paktaleem.directory.people.models import Subject, SubjectKey
from paktaleem.directory.people.services.erasure import (
    ErasureInProgress,
    carry_out_erasure,
    complete_erasure,
    erase_subject,
    start_erasure,
)
from paktaleem.directory.people.tasks import complete_answered_erasure, complete_answered_erasures
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.erasure_list import Stage, erasure_list
from paktaleem.foundation.encryption.wrapped_secrets import list_wrapped_kinds
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from tests.cast import refused_to
from tests.data_systems.ending import end_by_two_people
from tests.factories import make_system
from tests.working import work

WHY = "subject_request"
SYSTEM = system_actor("tests.erasing")
HOUR = timedelta(hours=1)
MISSING = Answer(Outcome.NOT_FOUND)


@pytest.fixture
def start(cast, indus, now):
    def start(person="danish", actor="amina"):
        return start_erasure(cast.subject(person), actor=cast.actor(actor), reason=WHY, at=now)

    return start


def orders_of(erasure):
    return list(Order.objects.select_related("system").filter(parent_id=erasure.pk).order_by("pk"))


def answer(order, cast, now, found=MISSING):
    """Answer as the order's system does: by its key, or by hand."""
    if order.system.delivery == "by_hand":
        return carry_out_by_hand(order, found, actor=cast.actor("amina"), at=now)
    key = cast.key_actor("indus")
    return complete_order(accept_order(order, actor=key, at=now), found, actor=key, at=now)


def answer_all(erasure, cast, now, found=MISSING):
    for order in orders_of(erasure):
        answer(order, cast, now, found)


def facts_of(kind):
    return json.loads(Entry.objects.get(kind=kind).body)["facts"]


def has_key(erasure):
    return SubjectKey.objects.filter(subject_id=erasure.subject_id).exists()


def test_every_system_is_ordered_to_erase_everything_it_holds(start, now):
    erasure = start()
    orders = orders_of(erasure)
    assert {one.system for one in orders} == set(System.objects.all())
    assert {(one.kind, one.ground, one.reason, one.parent_kind) for one in orders} == {
        ("erase", "right_of_the_person", WHY, "erasure")
    }
    assert {one.due_at for one in orders} == {now + ERASURE_DUE}
    assert all(one.categories == sorted(one.system.categories) for one in orders)


def test_starting_an_erasure_is_recorded_with_actor_time_and_reason(cast, start, now):
    refused_to("bilal sana farah celia", lambda name: start(actor=name))
    erasure, amina = start(), cast.user_id("amina")
    assert (erasure.actor_id, erasure.actor_role, erasure.reason) == (amina, "privacy_officer", WHY)
    assert erasure.started_at == now
    entry = Entry.objects.get(kind="subject.erasure_started", subject_id=cast.subject_id("danish"))
    assert (entry.actor_id, entry.recorded_at) == (amina, now)
    assert facts_of("subject.erasure_started") == {"erasure": str(erasure.pk), "reason": WHY}
    latest = cast.subject("danish").history.order_by("-history_date", "-history_id").first()
    assert (latest.erasure_started_at, latest.history_change_reason) == (now, WHY)


def test_the_last_answer_completes_the_erasure(cast, start, now):
    erasure = start()
    *others, last = orders_of(erasure)
    for order in others:
        answer(order, cast, now)
        assert not complete_erasure(erasure, actor=SYSTEM, at=now)
        assert has_key(erasure)
        danish = cast.subject("danish")
        assert (danish.is_being_erased, danish.erased_at, danish.external_id) == (True, None, "lms-danish")
    answer(last, cast, now)
    assert complete_erasure(erasure, actor=SYSTEM, at=now + HOUR)
    danish = cast.subject("danish")
    assert (danish.erased_at, danish.is_being_erased, danish.external_id) == (now + HOUR, False, None)
    assert not has_key(erasure)
    erasure.refresh_from_db()
    assert erasure.completed_at == now + HOUR
    assert facts_of("subject.erased") == {"erasure": str(erasure.pk), "started_at": now.isoformat()}


def test_a_waiver_by_two_people_counts_as_an_answer(cast, start, now, second):
    erasure = start()
    first, *others = orders_of(erasure)
    for order in others:
        answer(order, cast, now)
    propose_waiver(first, ground="Shut down.", actor=cast.actor("amina"), reason="review", at=now)
    assert not complete_erasure(erasure, actor=SYSTEM, at=now), "one person is not enough"
    approve_waiver(first, actor=second, at=now)
    assert complete_erasure(erasure, actor=SYSTEM, at=now)


def test_exemptions_count_as_answers(cast, start, now):
    erasure = start()
    answer_all(erasure, cast, now, Answer(Outcome.NOT_APPLICABLE, reason="legal_duty"))
    assert complete_erasure(erasure, actor=SYSTEM, at=now)


def test_without_systems_an_erasure_completes_at_once(cast, now):
    for owner in (PAKTALEEM, cast.client_id("indus")):
        with in_client(owner):
            for system in System.objects.filter(client_id=owner):
                end_by_two_people(cast, system, at=now)
    with in_client(cast.client_id("indus")):
        erasure = start_erasure(cast.subject("danish"), actor=cast.actor("amina"), reason=WHY, at=now + HOUR)
        assert (erasure.completed_at, has_key(erasure)) == (now + HOUR, False)
        assert not Order.objects.exists()
    assert [one.stage for one in erasure_list().intents().values()] == [Stage.STARTED, Stage.KEY_DESTROYED]


def test_a_system_registered_meanwhile_must_answer_first(cast, start, indus, now):
    erasure = start()
    answer_all(erasure, cast, now)
    library = make_system(indus, "library", ["content"], delivery="by_hand")
    assert not complete_erasure(erasure, actor=SYSTEM, at=now + HOUR)
    assert has_key(erasure)
    [order] = [one for one in orders_of(erasure) if one.is_open]
    assert (order.system, order.categories, order.due_at) == (library, ["content"], now + HOUR + ERASURE_DUE)
    answer(order, cast, now + HOUR)
    assert complete_erasure(erasure, actor=SYSTEM, at=now + HOUR)


def test_completing_twice_changes_nothing(cast, start, now):
    erasure = start()
    answer_all(erasure, cast, now)
    assert complete_erasure(erasure, actor=SYSTEM, at=now)
    assert complete_erasure(erasure, actor=SYSTEM, at=now + HOUR)
    assert cast.subject("danish").erased_at == now
    assert Entry.objects.filter(kind="subject.erased").count() == 1


def test_an_erasure_cannot_be_started_twice(cast, start, now):
    start()
    with pytest.raises(ErasureInProgress):
        start()
    with pytest.raises(ErasureInProgress):
        erase_subject(cast.subject("danish"), actor=cast.actor("amina"), reason=WHY, at=now)
    assert Erasure.objects.count() == 1


def test_the_database_refuses_a_second_erasure_of_a_person(start, now):
    erasure = start()
    erasure.pk = new_id()
    with pytest.raises(IntegrityError), transaction.atomic():
        erasure.save(force_insert=True)


def test_every_answer_queues_a_job(cast, start, now):
    erasure = start()
    waiting = ProcrastinateJob.objects.filter(task_name="subjects.complete_erasure")
    for number, order in enumerate(orders_of(erasure), start=1):
        answer(order, cast, now)
        assert waiting.count() == number


def test_an_open_order_of_another_case_does_not_delay_the_erasure(cast, start, issue, now):
    other = issue(kind="restrict")
    erasure = start()
    answer_all(erasure, cast, now)
    assert complete_erasure(erasure, actor=SYSTEM, at=now)
    other.refresh_from_db()
    assert other.named is not None, "the system still learns about whom it is"


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("kind", ["restrict", "object", "lift_restriction"])
def test_a_limit_ends_at_the_system_that_has_erased_the_person_and_no_other(cast, start, issue, now, kind):
    ended, kept = (issue(kind=kind, categories=(one,)) for one in ("usage_logs", "content"))
    erasure = start()
    for order in orders_of(erasure):
        done = Answer(Outcome.DONE, counts=dict.fromkeys(order.categories, 1))
        answer(order, cast, now, done if order.system_id == ended.system_id else MISSING)
    assert complete_erasure(erasure, actor=SYSTEM, at=now)
    for order in (ended, kept):
        order.refresh_from_db()
    assert (ended.state, ended.result, ended.named) == ("not_applicable", {"reason": "person_erased"}, None)
    assert (kept.system.code, kept.state) == ("library", "queued")
    assert kept.named is not None, "the library still learns about whom it is"


def at_once(*acts):
    ready = Barrier(len(acts))

    def run(act):
        try:
            ready.wait(timeout=30)
            act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        list(pool.map(run, acts))


def begin(committed, now):
    with in_client(committed.client_id("indus")):
        erasure = start_erasure(committed.subject("danish"), actor=committed.actor("amina"), reason=WHY, at=now)
        return erasure, orders_of(erasure)


def test_simultaneous_answers_complete_the_erasure_once(committed, now):
    erasure, orders = begin(committed, now)
    client = committed.client_id("indus")

    def answer_and_work(order):
        with in_client(client):
            answer(order, committed, now)
        complete_answered_erasure(str(client), str(erasure.pk))

    at_once(*(partial(answer_and_work, order) for order in orders))
    with in_client(client):
        assert Subject.objects.get(pk=erasure.subject_id).erased_at is not None
        assert Entry.objects.filter(kind="subject.erased").count() == 1
    assert [one.stage for one in erasure_list().intents().values()] == [Stage.STARTED, Stage.KEY_DESTROYED]


def test_steps_of_other_orders_do_not_deadlock_with_the_erasure(committed, now, spec):
    client = committed.client_id("indus")
    with in_client(client):
        by = {"actor": committed.actor("amina"), "at": now}
        others = [issue_orders(committed.subject("danish"), spec("restrict"), **by)[0] for _ in range(8)]
    erasure, orders = begin(committed, now)
    for order in orders:
        with in_client(client):
            answer(order, committed, now)

    def accept(order):
        with in_client(client):
            row = Order.objects.get(pk=order.pk)
            if row.is_open:
                accept_order(row, actor=committed.key_actor("indus"), at=now)

    finish = partial(complete_answered_erasure, str(client), str(erasure.pk))
    at_once(finish, *(partial(accept, order) for order in others))
    with in_client(client):
        assert Subject.objects.get(pk=erasure.subject_id).erased_at is not None
        assert all(one.named is not None for one in Order.objects.open().filter(subject_id=erasure.subject_id))


def test_the_next_run_completes_an_erasure_whose_job_failed(committed, now, monkeypatch):
    erasure, orders = begin(committed, now)
    for order in orders:
        with in_client(committed.client_id("indus")):
            answer(order, committed, now)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        work({"subjects.complete_erasure": complete_answered_erasure})
    monkeypatch.undo()
    with in_client(committed.client_id("indus")):
        assert has_key(erasure), "without a line on disk the key is not destroyed"
    complete_answered_erasures(0)
    with in_client(committed.client_id("indus")):
        assert not has_key(erasure)


DONE = Answer(Outcome.DONE, counts={"usage_logs": 4})


@pytest.fixture
def erase(cast, indus, now):
    def erase(person="danish"):
        return erase_subject(cast.subject(person), actor=cast.actor("amina"), reason="subject_request", at=now)

    return erase


def kept(order):
    return Order.objects.select_related("subject").get(pk=order.pk)


def test_an_open_order_still_names_the_erased_person(issue, erase, key, now):
    order = issue()
    erase()
    assert kept(order).subject.external_id is None
    assert name_of(kept(order)) == "lms-danish"
    complete_order(accept_order(order, actor=key, at=now), DONE, actor=key, at=now)
    assert (kept(order).state, kept(order).named, name_of(kept(order))) == ("confirmed", None, None)


def test_the_name_is_encrypted_for_its_order_only(cast, issue, erase):
    order, other = issue(), issue(kind="restrict")
    erase()
    with connection.cursor() as cursor:
        cursor.execute("SELECT o::text FROM data_systems_order o")
        for (text,) in cursor.fetchall():
            assert "lms-danish" not in text
            assert b"lms-danish".hex() not in text
    swapped = kept(order)
    swapped.named = kept(other).named
    with pytest.raises(InvalidTag):
        name_of(swapped)


def test_orders_about_registered_people_store_no_name(issue):
    order = kept(issue())
    assert order.named is None
    assert name_of(order) == "lms-danish"


@pytest.mark.parametrize(
    ("kind", "more"),
    [("collect", {}), ("correct", {"categories": ("contact_details",), "new_values": {"full_name": "D"}})],
)
def test_orders_that_need_the_key_end_with_the_erasure(issue, erase, kind, more):
    order = issue(kind, **more)
    erase()
    found = kept(order)
    assert (found.state, found.result) == ("not_applicable", {"reason": "person_erased"})
    assert (found.new_values, found.named) == (None, None)
    assert Entry.objects.filter(kind="order.not_applicable", body__contains=str(order.pk)).count() == 1


def test_other_peoples_orders_and_answered_orders_do_not_change(issue, erase, key, now):
    other, answered = issue(person="hamza"), issue()
    complete_order(accept_order(answered, actor=key, at=now), DONE, actor=key, at=now)
    erase()
    assert kept(other).named is None
    assert (kept(answered).state, kept(answered).named) == ("confirmed", None)


def test_a_replayed_erasure_stores_the_names_too(cast, indus, issue, now):
    order = issue()
    intent = erasure_list().intend(
        client_id=indus.id, subject_id=cast.subject_id("danish"), role="student", tombstone=b"t" * 32, at=now
    )
    carry_out_erasure(intent, actor=cast.actor("amina"), at=now)
    assert name_of(kept(order)) == "lms-danish"


def test_a_stored_name_is_re_encrypted_for_the_current_epoch(indus, issue, erase, settings):
    order = issue()
    erase()
    settings.KEYRING = settings.KEYRING.replace('"current": 1', '"current": 2').replace(
        '"epochs": {', '"epochs": {"2": "dGVzdHMtd3JhcHBpbmcta2V5LW5vdC1zZWNyZXQtMDI=", '
    )
    [kind] = [one for one in list_wrapped_kinds() if one.name == "data_systems.order"]
    assert dict(kind.counted(indus.id)) == {1: 1}
    assert rewrap_other_kinds(indus.id) == {1}
    assert dict(kind.counted(indus.id)) == {2: 1}
    assert name_of(kept(order)) == "lms-danish"
