"""Orders about one person: issued, sent, accepted, answered, failed, retried; each step with its evidence."""

import json
from datetime import timedelta
from functools import partial
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, connection, transaction

from paktaleem.directory.data_systems.models import Order, OrderStep, Waiver
from paktaleem.directory.data_systems.selectors import (
    OrderUnknown,
    Parent,
    count_answers,
    get_order,
    is_everything_answered,
    list_orders_of_system,
    list_parts,
)
from paktaleem.directory.data_systems.services.fulfilment import (
    AlreadyAnswered,
    CategoryUnknown,
    NotByHand,
    accept_order,
    add_part,
    approve_waiver,
    carry_out_by_hand,
    complete_order,
    fail_order,
    hand_over,
    propose_waiver,
    retry_order,
)
from paktaleem.directory.data_systems.services.issuing import issue_orders, new_values_of
from paktaleem.directory.data_systems.states import MOST_ATTEMPTS, Answer, Exemption, Outcome, Section, StepRefused
from paktaleem.directory.files.services import iterate_file
from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.people.services.erasure import AlreadyErased, erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import refused_to
from tests.consent.making import execute, refuses
from tests.factories import SETTING_UP, make_system

ERASED = Answer(Outcome.DONE, counts={"usage_logs": 12})
MISSING = Answer(Outcome.NOT_FOUND)


def kinds(order):
    found = Entry.objects.filter(family="order", body__contains=str(order.pk)).order_by("id")
    return [one.kind.removeprefix("order.") for one in found]


def steps(order):
    return list(OrderStep.objects.filter(order=order).values_list("state", flat=True))


@pytest.fixture
def accepted(issue, key, now):

    def accepted(*args, **more):
        return accept_order(issue(*args, **more), actor=key, at=now)

    return accepted


def test_every_system_that_holds_the_data_gets_an_order(cast, indus, library, spec, now):
    made = issue_orders(cast.subject("danish"), spec(categories=("content", "billing")), actor=SETTING_UP, at=now)
    found = {one.system.code: one.categories for one in made}
    assert found == {"billing": ["billing"], "library": ["content"], "lms": ["content"]}
    assert {(one.state, one.client_id, one.created_at) for one in made} == {("queued", indus.id, now)}
    for order in made:
        assert (kinds(order), steps(order)) == (["created"], ["queued"])


def test_an_order_goes_from_queued_to_confirmed(cast, lms, issue, key, now):
    order = issue()
    hand_over([order], system=lms, client_id=order.client_id, actor=key, at=now)
    accept_order(order, actor=key, at=now)
    done = complete_order(order, ERASED, actor=key, at=now)
    assert (done.state, done.result, done.ended_at) == ("confirmed", {"counts": {"usage_logs": 12}}, now)
    assert kinds(order) == ["created", "sent", "accepted", "confirmed"]
    assert steps(order) == ["queued", "sent", "accepted", "confirmed"]
    confirmed = Entry.objects.get(kind="order.confirmed")
    entry = json.loads(confirmed.body)
    assert (entry["actor"]["id"], entry["subject"]) == (str(key.id), str(cast.subject_id("danish")))
    assert entry["facts"]["result"] == {"counts": {"usage_logs": 12}}
    assert entry["facts"]["parent"]["kind"] == "test_case"
    assert OrderStep.objects.get(order=order, state="confirmed").entry_id == confirmed.pk


def test_not_found_and_not_applicable_with_its_reason_are_distinct_from_done(accepted, key, now):
    order = complete_order(accepted(person="hamza"), MISSING, actor=key, at=now)
    assert (order.state, order.is_open) == ("not_found", False)
    assert kinds(order)[-1] == "not_found"
    answer = Answer(Outcome.NOT_APPLICABLE, reason=Exemption.LEGAL_DUTY)
    order = complete_order(accepted(), answer, actor=key, at=now)
    assert (order.state, order.result) == ("not_applicable", {"reason": "legal_duty"})
    assert OrderStep.objects.get(order=order, state="not_applicable").code == "legal_duty"


def test_an_order_must_be_accepted_before_it_is_answered(issue, key, now):
    order = issue()
    with pytest.raises(StepRefused):
        complete_order(order, ERASED, actor=key, at=now)
    with pytest.raises(StepRefused):
        fail_order(order, code="locked", again=True, actor=key, at=now)
    assert steps(order) == ["queued"]


def test_accepting_again_changes_nothing(accepted, key, now):
    order = accepted()
    accept_order(order, actor=key, at=now + timedelta(hours=1))
    assert steps(order) == ["queued", "accepted"]
    assert Order.objects.get(pk=order.pk).changed_at == now


def test_a_repeated_answer_changes_nothing_and_another_is_refused(accepted, key, now):
    order = accepted()
    first = complete_order(order, ERASED, actor=key, at=now)
    again = complete_order(order, ERASED, actor=key, at=now + timedelta(hours=1))
    assert (again.ended_at, kinds(order)) == (first.ended_at, ["created", "accepted", "confirmed"])
    for other in (MISSING, Answer(Outcome.DONE, counts={"usage_logs": 13})):
        with pytest.raises(AlreadyAnswered):
            complete_order(order, other, actor=key, at=now)


def test_an_answer_of_another_kind_names_its_field(accepted, key, now):
    with refuses("counts"):
        complete_order(accepted(), Answer(Outcome.DONE), actor=key, at=now)


def test_a_failed_order_is_ready_again_at_its_retry_time(cast, lms, accepted, key, now):
    order = fail_order(accepted(), code="database_locked", again=True, actor=key, at=now)
    assert (order.state, order.attempts, order.failure) == ("failed", 1, "database_locked")
    assert now + timedelta(minutes=1) <= order.retry_at <= now + timedelta(minutes=2)
    mine = list_orders_of_system(lms, actor=key)
    assert list(mine.ready(now)) == []
    later = now + timedelta(minutes=2)
    assert list(mine.ready(later)) == [order]
    order = accept_order(order, actor=key, at=later)
    assert (order.state, order.retry_at, order.attempts) == ("accepted", None, 1)
    assert complete_order(order, ERASED, actor=key, at=later).state == "confirmed"


def test_an_order_that_failed_permanently_waits_for_staff(cast, lms, accepted, key, now):
    order = fail_order(accepted(), code="gone", again=False, actor=key, at=now)
    assert (order.retry_at, order.stuck_at) == (None, now)
    assert list(list_orders_of_system(lms, actor=key).ready(now + timedelta(days=99))) == []
    order = retry_order(order, actor=cast.actor("farah"), at=now)
    assert (order.state, order.attempts, order.failure) == ("queued", 0, "")
    assert kinds(order)[-2:] == ["failed", "requeued"]


def test_the_number_of_attempts_is_limited(accepted, key, now):
    order = accepted()
    for attempt in range(1, MOST_ATTEMPTS + 1):
        order = fail_order(accept_order(order, actor=key, at=now), code="down", again=True, actor=key, at=now)
        assert order.attempts == attempt
    assert order.retry_at is None


def test_an_order_without_progress_is_stuck(cast, issue, accepted, key, now):
    waiting, working = issue(), accepted(person="hamza")
    complete_order(accepted(person="junaid"), ERASED, actor=key, at=now)

    def stuck(at):
        return set(Order.objects.stuck(at))

    assert stuck(now + timedelta(hours=23)) == set()
    assert stuck(now + timedelta(days=1)) == {waiting}
    assert stuck(now + timedelta(days=3)) == {waiting, working}


def test_an_open_order_past_its_due_date_is_overdue(issue, accepted, key, now):
    order = issue()
    complete_order(accepted(person="hamza"), ERASED, actor=key, at=now)
    assert list(Order.objects.overdue(order.due_at)) == []
    assert list(Order.objects.overdue(order.due_at + timedelta(seconds=1))) == [order]


def test_handing_orders_over_again_records_nothing(indus, lms, issue, key, now):
    order = issue()
    for _ in range(2):
        hand_over(list(list_orders_of_system(lms, actor=key)), system=lms, client_id=indus.id, actor=key, at=now)
    assert (kinds(order), steps(order)) == (["created", "sent"], ["queued", "sent"])


def test_the_new_values_of_a_correction_are_encrypted_with_the_persons_key(cast, accepted, key, now):
    values = {"full_name": "Danish Q. Lodhi", "phone": None}
    order = accepted("correct", categories=("contact_details",), new_values=values)
    assert order.fields == ["full_name", "phone"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT o::text FROM data_systems_order o UNION ALL SELECT e::text FROM audit_entry e")
        assert not [text for (text,) in cursor.fetchall() if "Lodhi" in text or b"Lodhi".hex() in text]
    assert new_values_of(order, actor=key, at=now) == values
    look = AccessRecord.objects.get(subject_id=cast.subject_id("danish"), actor_id=key.id)
    assert (look.fields, look.reason) == (f"order {order.pk}, full_name, phone", "subject_request")
    done = complete_order(order, Answer(Outcome.DONE, corrected=("full_name",)), actor=key, at=now)
    assert (done.result, done.new_values) == ({"corrected": ["full_name"]}, None)
    assert new_values_of(done, actor=key, at=now) == {}


@pytest.mark.parametrize(("kind", "values"), [("correct", {}), ("erase", {"full_name": "X"}), ("correct", {"N!": "x"})])
def test_only_a_correction_has_new_values(issue, kind, values):
    with pytest.raises(ValidationError):
        issue(kind, new_values=values)


def test_an_order_needs_a_future_due_date_and_categories(issue, now):
    for wrong in ({"due_at": now}, {"categories": ()}):
        with pytest.raises(ValidationError) as refused:
            issue(**wrong)
        assert list(refused.value.message_dict) == list(wrong)


def test_collected_data_is_encrypted_at_once(cast, accepted, key, now):
    order = accepted("collect", categories=("content",))
    part = add_part(order, BytesIO(b"%PDF-1.7 essay by Danish"), category="content", actor=key, at=now)
    sections = (Section("usage_logs", [{"opened": "Algebra"}]), Section("content", {"essays": 1}))
    done = complete_order(order, Answer(Outcome.DONE, sections=sections), actor=key, at=now)
    assert done.result == {"sections": 2}
    found = list_parts(order)
    assert [one.category for one in found] == ["content", "usage_logs", "content"]
    assert [one.file.kind for one in found] == ["pdf", "json", "json"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT f::text FROM files_filechunk f UNION ALL SELECT e::text FROM audit_entry e")
        assert not [text for (text,) in cursor.fetchall() if "Algebra" in text or b"Algebra".hex() in text]
    assert json.loads(b"".join(iterate_file(found[1].file))) == [{"opened": "Algebra"}]
    facts = json.loads(Entry.objects.get(kind="order.confirmed").body)["facts"]
    assert [one["sealed_hash"] for one in facts["parts"]] == [one.file.sealed_hash for one in found[1:]]
    assert part.file.sealed_hash in Entry.objects.get(kind="order.part_added").body


def test_parts_are_added_only_to_an_accepted_collect_order(issue, accepted, key, now):
    def add(order, category="content"):
        add_part(order, BytesIO(b"%PDF-1.7"), category=category, actor=key, at=now)

    for order in (issue("collect"), accepted("erase", person="hamza")):
        with pytest.raises(StepRefused):
            add(order)
    with pytest.raises(CategoryUnknown):
        add(accepted("collect", person="iqra"), "billing")


def test_parts_of_a_failed_attempt_are_not_part_of_the_answer(accepted, key, now):
    order = accepted("collect", categories=("content",))
    add_part(order, BytesIO(b"%PDF-1.7 half"), category="content", actor=key, at=now)
    order = accept_order(fail_order(order, code="cut", again=True, actor=key, at=now), actor=key, at=now)
    sections = (Section("content", {"all": True}),)
    complete_order(order, Answer(Outcome.DONE, sections=sections), actor=key, at=now)
    assert [one.file.kind for one in list_parts(Order.objects.get(pk=order.pk))] == ["json"]


@pytest.mark.usefixtures("library")
def test_a_case_is_answered_when_every_system_has_answered(cast, indus, spec, key, now):
    given_spec = spec(categories=("content",))
    parent, made = given_spec.parent, issue_orders(cast.subject("danish"), given_spec, actor=SETTING_UP, at=now)
    by_code = {one.system.code: one for one in made}
    accept_order(by_code["lms"], actor=key, at=now)
    complete_order(by_code["lms"], MISSING, actor=key, at=now)
    assert not is_everything_answered(parent, client_id=indus.id)
    assert count_answers(parent, client_id=indus.id) == (1, 2)
    answer = Answer(Outcome.DONE, counts={"content": 3})
    carry_out_by_hand(by_code["library"], answer, actor=cast.actor("farah"), at=now)
    assert is_everything_answered(parent, client_id=indus.id)
    found = Order.objects.order_by("system__code").values_list("system__code", "state", "result")
    assert list(found) == [("library", "confirmed", {"counts": {"content": 3}}), ("lms", "not_found", {})]
    other = Parent("other", parent.id)
    assert count_answers(other, client_id=indus.id) == (0, 0)
    assert not is_everything_answered(other, client_id=indus.id), "a case without orders is not answered"


def test_staff_answer_only_for_systems_run_by_hand(cast, lms, library, issue, now):
    with pytest.raises(NotByHand):
        accept_order(issue(), actor=cast.actor("farah"), at=now)
    order = issue(categories=("content",), person="hamza")
    assert order.system == library
    done = carry_out_by_hand(order, Answer(Outcome.DONE, counts={"content": 0}), actor=cast.actor("amina"), at=now)
    assert (done.state, kinds(order)) == ("confirmed", ["created", "accepted", "confirmed"])


def test_only_paktaleems_staff_answer_for_its_own_systems(cast, issue, now):
    order = issue(categories=("billing",))
    assert order.client_id == cast.client_id("indus")
    answer = Answer(Outcome.DONE, counts={"billing": 1})
    with pytest.raises(NotAllowed):
        carry_out_by_hand(order, answer, actor=cast.actor("farah"), at=now)
    assert carry_out_by_hand(order, answer, actor=cast.actor("amina"), at=now).state == "confirmed"


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("name", ["bilal", "sana", "celia"])
def test_other_roles_may_not_handle_orders(cast, issue, spec, name, now):
    order, actor = issue(categories=("content",)), cast.actor(name)
    for act in (
        partial(accept_order, order),
        partial(issue_orders, cast.subject("hamza"), spec()),
        partial(retry_order, order),
    ):
        with pytest.raises(NotAllowed):
            act(actor=actor, at=now)


@pytest.mark.usefixtures("library")
def test_a_key_finds_only_the_orders_of_its_own_system(indus, issue, key, now):
    own, others = issue(), issue(categories=("content",), person="hamza")
    assert get_order(own.pk, actor=key, at=now) == own
    for unknown in (others.pk, indus.pk):
        with pytest.raises(OrderUnknown):
            get_order(unknown, actor=key, at=now)


def test_no_order_is_issued_about_an_erased_person(cast, indus, spec, now):
    danish = cast.subject("danish")
    erase_subject(danish, actor=cast.actor("amina"), reason="subject_request", at=now)
    with pytest.raises(AlreadyErased):
        issue_orders(danish, spec(), actor=SETTING_UP, at=now)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("state = 'confirmed'", "order_ends_in_an_answer"),
        ("ended_at = now(), stuck_at = NULL", "order_ends_in_an_answer"),
        ("state = 'confirmed', ended_at = now()", "order_answered_names_nobody"),
        ("retry_at = now()", "order_retried_if_failed"),
        ("new_values = '\\x00'", "order_values_of_a_correction"),
        ("parent_id = NULL", "order_parent_is_whole"),
        ("due_at = created_at", "order_due_later"),
        ("client_id = '01900000-0000-7000-8000-000000000001'", "row-level security"),
        ("system_owner = '01900000-0000-7000-8000-000000000002'", "order_system_id_same_client_owner"),
    ],
)
def test_the_database_refuses_an_inconsistent_order(issue, change, name):
    order = issue()
    with pytest.raises((IntegrityError, ProgrammingError), match=name):
        execute(f"UPDATE data_systems_order SET {change} WHERE id = %s", order.pk)  # noqa: S608 -- as above


@pytest.mark.parametrize("table", ["orderstep", "orderpart", "orderset"])
def test_steps_parts_and_sets_cannot_be_changed(indus, table):
    with pytest.raises(ProgrammingError, match="permission denied"):
        execute(f"UPDATE data_systems_{table} SET client_id = client_id")  # noqa: S608 -- as above


def test_two_clients_may_use_the_same_system_code(cast):
    for code in ("indus", "khyber"):
        with in_client(cast.client_id(code)):
            make_system(cast.client(code), "forum", ["content"])


# Waiving a system's answer takes two people.


def propose(order, actor, now):
    return propose_waiver(order, ground="Shut down.", actor=actor, reason="review", at=now)


def test_two_people_waive_an_order(cast, issue, now, second):
    order = issue()
    propose(order, cast.actor("farah"), now)
    waived = approve_waiver(order, actor=cast.actor("amina"), at=now)
    assert (waived.state, waived.ended_at) == ("waived", now)
    entries = Entry.objects.filter(kind__startswith="order.wai").order_by("id")
    assert [(one.kind, one.actor_id) for one in entries] == [
        ("order.waiver_proposed", cast.user_id("farah")),
        ("order.waived", cast.user_id("amina")),
    ]
    assert OrderStep.objects.get(order=order, state="waived").code == "review"
    assert [one.history_change_reason for one in Waiver.history.all()] == ["review", "review"]
    refused_to("bilal sana celia", lambda name: propose(order, cast.actor(name), now))


def test_a_proposal_says_why_in_words(cast, issue, now):
    with refuses("ground"):
        propose_waiver(issue(), ground="", actor=cast.actor("farah"), reason="review", at=now)


def test_a_waiver_without_a_proposal_cannot_be_approved(cast, issue, now):
    with pytest.raises(Refused, match="No waiver"):
        approve_waiver(issue(), actor=cast.actor("amina"), at=now)


def test_a_waiver_cannot_be_proposed_twice(cast, issue, now, second):
    order = issue()
    propose(order, cast.actor("amina"), now)
    with pytest.raises(Refused, match="already been proposed"):
        propose(order, second, now)


def test_an_order_answered_meanwhile_cannot_be_waived(cast, issue, key, now, second):
    order = issue()
    propose(order, cast.actor("amina"), now)
    complete_order(accept_order(order, actor=key, at=now), Answer(Outcome.NOT_FOUND), actor=key, at=now)
    with pytest.raises(StepRefused):
        approve_waiver(order, actor=second, at=now)
    with pytest.raises(StepRefused):
        propose(order, second, now)


def test_only_paktaleem_waives_orders_of_its_own_systems(cast, issue, now, second):
    order = issue(categories=("billing",))
    with pytest.raises(NotAllowed):
        propose(order, cast.actor("farah"), now)
    propose(order, cast.actor("amina"), now)
    assert approve_waiver(order, actor=second, at=now).state == "waived"


def test_the_database_refuses_approval_by_the_requester(cast, issue, now):
    waiver = propose(issue(), cast.actor("amina"), now)
    refused = pytest.raises(IntegrityError, match="waiver_by_two_people")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        change = "approved_by = requested_by, approved_at = requested_at"
        cursor.execute(f"UPDATE data_systems_waiver SET {change} WHERE id = %s", [waiver.pk])  # noqa: S608 -- as above
