"""The course of a disposal: flagged, reviewed, approved, ordered, answered, certified."""

import json
from collections import Counter

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.directory.data_systems.models import Ground, Order, OrderSet
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.data_systems.services.fulfilment import approve_waiver, propose_waiver
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import NotAllowed, user_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.changes import decide_proposed_change, find_waiting
from paktaleem.foundation.audit.certificates import read_body
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.office.exits.services.ending import CONTINUE as CONTINUE_EXIT
from paktaleem.office.exits.tasks import continue_all_exits
from retention.disposals.models import Batch, Certificate, Item, Stage
from retention.disposals.selectors import get_progress
from retention.disposals.services.batches import (
    CONTINUE,
    SWEEP,
    BatchMovedOn,
    approve_disposal,
    cancel_disposal,
    flag_chunk,
    open_disposal,
    pause_disposal,
    resume_disposal,
    start_sweep,
    take_out,
)
from retention.disposals.tasks import continue_all_disposals
from retention.holdings.models import Holding
from tests.data_systems.ending import is_set_intact
from tests.retention.disposals.steps import (
    WORKER,
    answer,
    approved,
    certify,
    hold_data,
    order_all,
    ordered,
    rule_for,
    states,
    sweep,
)
from tests.retention.exits.steps import approved as approved_exit
from tests.retention.schedule.making import DAY, HOUR, put_on_hold


@pytest.fixture
def in_review(cast, indus, now):
    """Flag Hamza's data, which is due, and return its disposal."""
    rule_for(indus, at=now)
    hold_data(cast, "hamza", at=now)
    sweep(indus.pk, now)
    return Batch.objects.get()


def test_what_is_due_is_flagged_approved_ordered_answered_and_certified(cast, indus, now):
    rule_for(indus, at=now)
    due, kept = hold_data(cast, "hamza", at=now), hold_data(cast, "junaid", at=now, collected_at=now - 10 * DAY)
    found = sweep(indus.pk, now)
    assert (found.held, found.checked, found.flagged) == (2, 2, 1)
    batch = Batch.objects.get()
    assert (batch.stage, batch.size, batch.decider) == (Stage.REVIEW, 1, "client")
    batch = approve_disposal(batch, actor=cast.actor("farah"), at=now)
    assert (batch.stage, batch.starts_at) == (Stage.SCHEDULED, now + DAY)
    assert order_all(batch, now + DAY - HOUR).stage == Stage.SCHEDULED, "not before its time"
    batch = order_all(batch, now + DAY)
    assert batch.stage == Stage.VERIFYING
    [order] = Order.objects.all()
    assert (order.kind, order.ground) == ("erase", "retention_ended")
    assert (order.categories, order.subject_id) == (["contact_details"], due.subject_id)
    assert is_set_intact(OrderSet.objects.get())
    assert certify(batch, now + DAY) is None, "the system has not answered"
    answer(cast, order, at=now + 2 * DAY)
    certificate = certify(batch, now + 2 * DAY)
    body = read_body(certificate)
    [count] = body["counts"]
    counted = (count["category"], count["system"], count["state"], count["count"])
    assert counted == ("contact_details", "lms", "disposed", 1)
    assert body["records"] == [{"system": "lms", "category": "contact_details", "records": 1, "reported": 1}]
    assert body["portal_records"] == {"kept": 1, "erased": 0, "erased_after_days": 365}, "the API still reveals them"
    assert body["order_sets"][0]["sha256"] == OrderSet.objects.get().orders_hash
    entry = Entry.objects.get(kind="disposal.certified")
    assert json.loads(entry.body)["facts"]["sha256"] == certificate.sha256
    held = dict(Holding.objects.values_list("pk", "ended_at"))
    assert held == {due.pk: now + 2 * DAY, kept.pk: None}
    assert "hamza" not in certificate.body.lower()


def test_a_batch_above_the_size_needs_a_second_person(cast, indus, now, settings):
    settings.DISPOSAL_ALONE_MOST = 1
    rule_for(indus, at=now)
    hold_data(cast, "hamza", at=now)
    hold_data(cast, "junaid", at=now)
    sweep(indus.pk, now)
    batch = approved(cast, now)
    assert batch.stage == Stage.SECOND_PERSON
    by = {"approve": True, "reason": "review", "at": now}
    decide_proposed_change(find_waiting(batch).get(), actor=cast.actor("amina"), **by)
    batch.refresh_from_db()
    assert (batch.stage, batch.approved_by) == (Stage.SCHEDULED, cast.user_id("amina"))


def test_only_the_controller_approves(cast, now, in_review):
    for name in ("amina", "bilal", "celia"):
        with pytest.raises((NotAllowed, Refused)):
            approve_disposal(in_review, actor=cast.actor(name), at=now)
    assert approve_disposal(in_review, actor=cast.actor("farah"), at=now).stage == Stage.SCHEDULED


def test_a_second_sweep_flags_nothing_twice(indus, now, in_review):
    assert sweep(indus.pk, now + DAY).flagged == 0
    assert (Item.objects.count(), Batch.objects.count()) == (1, 1), "and puts no empty batch together"


def test_chunks_of_any_size_flag_and_order_the_same(cast, indus, now):
    rule_for(indus, at=now)
    for name in ("hamza", "junaid", "iqra", "danish"):
        hold_data(cast, name, at=now)
    assert sweep(indus.pk, now, size=1).flagged == 4
    order_all(approved(cast, now), now + DAY, size=1)
    assert (Order.objects.count(), set(states().values())) == (4, {"ordered"})


def test_a_holding_taken_out_or_kept_longer_is_not_disposed_of(cast, indus, now):
    rule_for(indus, at=now)
    _out, _longer, due = (hold_data(cast, name, at=now) for name in ("hamza", "junaid", "iqra"))
    sweep(indus.pk, now)
    batch, by = Batch.objects.get(), {"actor": cast.actor("farah"), "at": now}
    take_out(batch, person="lms-hamza", ground="A reunion is planned.", **by)
    take_out(batch, person="lms-junaid", ground="An exam board meets.", until=(now + 40 * DAY).date(), **by)
    assert Batch.objects.get().size == 1
    order_all(approved(cast, now), now + DAY)
    assert list(Order.objects.values_list("subject_id", flat=True)) == [due.subject_id]
    assert (sweep(indus.pk, now + 39 * DAY).flagged, sweep(indus.pk, now + 42 * DAY).flagged) == (0, 1)
    assert sweep(indus.pk, now + 91 * DAY).flagged == 1


def test_an_answer_that_is_not_done_is_no_disposal(cast, indus, now, second):
    rule_for(indus, at=now)
    for name in ("hamza", "junaid", "iqra"):
        hold_data(cast, name, at=now)
    batch = ordered(cast, now)
    answers = {
        "hamza": Answer(Outcome.NOT_FOUND),
        "junaid": Answer(Outcome.NOT_APPLICABLE, reason="legal_duty"),
        "iqra": None,
    }
    for name, given in answers.items():
        answer(cast, Order.objects.get(subject=cast.subject(name)), given, at=now + 2 * DAY)
    assert certify(batch, now + 3 * DAY) is None, "the system had reported data of Hamza: two people accept its answer"
    disputed = Order.objects.get(subject=cast.subject("hamza"))
    propose_waiver(disputed, ground="Shut down.", actor=cast.actor("amina"), reason="review", at=now + 2 * DAY)
    approve_waiver(disputed, actor=second, at=now + 2 * DAY)
    counts = {one["state"]: (one["count"], one["answer"]) for one in read_body(certify(batch, now + 3 * DAY))["counts"]}
    assert counts == {"not_found": (1, ""), "not_applicable": (1, "legal_duty"), "disposed": (1, "")}
    kept = Holding.objects.get(subject=cast.subject("junaid"))
    assert kept.ended_at is None
    assert sweep(indus.pk, now + 4 * DAY).flagged == 0
    assert sweep(indus.pk, now + 95 * DAY).flagged == 1, "not forgotten"


def test_a_cancelled_batch_orders_nothing_and_forgets_nothing(cast, indus, now, in_review):
    batch = cancel_disposal(approved(cast, now), actor=cast.actor("farah"), at=now)
    assert order_all(batch, now + 2 * DAY).stage == Stage.CANCELLED
    assert not Order.objects.exists()
    assert sweep(indus.pk, now + DAY).flagged == 1
    with pytest.raises(BatchMovedOn):
        cancel_disposal(batch, actor=cast.actor("farah"), at=now)


def test_the_end_of_an_agreement_disposes_of_everything_but_what_is_on_hold(cast, indus, now):
    for name in ("hamza", "junaid"):
        hold_data(cast, name, at=now, collected_at=now - DAY)
    case = Parent("exit", new_id())
    batch = open_disposal(indus, case=case, is_approved=True, actor=cast.actor("amina"), at=now)
    assert open_disposal(indus, case=case, is_approved=True, actor=cast.actor("amina"), at=now) == batch
    put_on_hold(indus, subject=cast.subject("junaid"), at=now)
    while flag_chunk(batch.sweep, actor=WORKER, at=now, size=1):
        pass
    batch = order_all(batch, now)
    found = states()
    assert (found.pop("lms-junaid"), set(found.values())) == ("sent_back", {"ordered"})
    for order in Order.objects.all():
        assert (order.ground, order.subject_id != cast.subject_id("junaid")) == (Ground.AGREEMENT_ENDED, True)
        answer(cast, order, at=now + HOUR)
    body = read_body(certify(batch, now + HOUR))
    assert (body["ground"], body["case"]) == ("agreement_ended", {"kind": "exit", "id": str(case.id)})
    progress = get_progress(batch)
    assert progress.total - progress.answered == 5


def test_the_end_of_an_agreement_takes_over_what_is_in_review(cast, indus, now, in_review):
    batch = open_disposal(indus, is_approved=True, actor=cast.actor("amina"), at=now)
    assert not flag_chunk(batch.sweep, actor=WORKER, at=now)
    in_review.refresh_from_db()
    batch.refresh_from_db()
    people = Subject.objects.filter(client_id=indus.pk).count()
    size = people * 5  # three categories in the LMS, two in billing
    assert (in_review.stage, batch.stage, batch.size) == (Stage.CANCELLED, Stage.SCHEDULED, size)


def test_an_interrupted_batch_does_nothing_until_it_is_continued(cast, now, in_review):
    batch = pause_disposal(approved(cast, now), actor=cast.actor("farah"), at=now)
    assert order_all(batch, now + 2 * DAY).stage == Stage.SCHEDULED
    batch = resume_disposal(batch, actor=cast.actor("farah"), at=now + 2 * DAY)
    assert order_all(batch, now + 2 * DAY).stage == Stage.VERIFYING


def test_a_client_never_sees_another_clients_disposals(cast, now, in_review):
    stranger = user_actor(new_id(), "client_admin", cast.client_id("khyber"))
    for act in (approve_disposal, cancel_disposal, pause_disposal):
        with pytest.raises(NotAllowed):
            act(in_review, actor=stranger, at=now)
    assert not Certificate.objects.exists()


def jobs(task):
    with in_global():
        return dict(Counter(ProcrastinateJob.objects.filter(task_name=task).values_list("status", flat=True)))


def run_three_times(task):
    for _ in range(3):
        task(0)


def test_a_disposal_is_queued_once_and_only_from_its_time_on(cast, now):
    with in_client(cast.client_id("indus")):
        rule_for(cast.client("indus"), at=now)
        hold_data(cast, "hamza", at=now)
        sweep(cast.client_id("indus"), now)
        batch = approved(cast, client_now())
    assert jobs(CONTINUE) == {"todo": 1}
    run_three_times(continue_all_disposals)
    assert jobs(CONTINUE) == {"todo": 1}, "its orders are not due yet"
    with in_client(batch.client_id):
        batch.starts_at = client_now() - DAY
        batch.save(update_fields=["starts_at"])
    run_three_times(continue_all_disposals)
    assert jobs(CONTINUE) == {"todo": 2}, "the queued job starts later, by its own clock"
    with in_global():
        ProcrastinateJob.objects.filter(task_name=CONTINUE, scheduled_at=None).update(status="doing")
    run_three_times(continue_all_disposals)
    assert jobs(CONTINUE) == {"doing": 1, "todo": 2}, "the next job waits, as the running one may fail"


def test_a_sweep_and_an_exit_are_queued_once(cast, now):
    with in_client(cast.client_id("indus")):
        start_sweep(cast.client_id("indus"), actor=WORKER, at=now)
        approved_exit(cast, now, "return")
    assert (jobs(SWEEP), jobs(CONTINUE_EXIT)) == ({"todo": 1}, {"todo": 1})
    run_three_times(continue_all_disposals)
    run_three_times(continue_all_exits)
    assert (jobs(SWEEP), jobs(CONTINUE_EXIT)) == ({"todo": 1}, {"todo": 1})
