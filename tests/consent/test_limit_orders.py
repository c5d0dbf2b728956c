"""Restrictions, their lifts and objections become orders to every system that holds the data."""

from datetime import timedelta

import pytest

from consent.consents.models import ConsentState
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from consent.consents.services.restrictions import object_to_purpose, restrict_processing
from consent.tasks import order_limit
from paktaleem.directory.data_systems.models import Order, System
from paktaleem.directory.people.services.erasure import erase_subject, start_erasure
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller
from tests.consent.lifting import lift_by_two, overrule_by_two
from tests.showing import shown
from tests.working import work

WHY = "subject_request"
MINUTE = timedelta(minutes=1)
TASKS = {"consent.issue_limit_orders": order_limit}


@pytest.fixture
def at():
    return wall_clock_now() - timedelta(hours=1)


@pytest.fixture
def officer(cast, at):
    return {"actor": cast.actor("amina"), "reason": WHY, "at": at}


@pytest.fixture
def act(cast):
    """Return a function that performs an act at Indus, and then runs the worker."""

    def act(function, *args, **kwargs):
        with in_client(cast.client_id("indus")):
            done = function(*args, **kwargs)
        work(TASKS)
        return done

    return act


@pytest.fixture
def junaid(cast):
    with in_client(cast.client_id("indus")):
        return cast.subject("junaid")


def orders(cast):
    """Return kind, purpose and system of each order, in the order of issue."""
    with in_client(cast.client_id("indus")):
        rows = Order.objects.select_related("system").order_by("pk")
        return [(one.kind, one.purpose, one.system.code) for one in rows]


def kinds(cast):
    return [(kind, purpose) for kind, purpose, system in orders(cast) if system == "lms"]


def later(officer, minutes=1):
    return {**officer, "at": officer["at"] + minutes * MINUTE}


def test_a_restriction_of_everything_goes_to_every_system(cast, act, junaid, officer):
    restriction = act(restrict_processing, junaid, **officer)
    with in_client(cast.client_id("indus")):
        assert {one.system for one in Order.objects.select_related("system")} == set(System.objects.all())
        assert {(one.kind, one.purpose, one.parent_kind, one.parent_id) for one in Order.objects.all()} == {
            ("restrict", "", "restriction", restriction.pk)
        }
        assert {(one.reason, one.ground) for one in Order.objects.all()} == {(WHY, "right_of_the_person")}


def test_a_restriction_of_one_purpose_goes_where_its_data_is_and_names_it(cast, act, junaid, officer):
    act(restrict_processing, junaid, purpose_code="newsletter", **officer)
    found = orders(cast)
    assert {(kind, purpose) for kind, purpose, _ in found} == {("restrict", "newsletter")}
    assert {system for _, _, system in found} == {"lms", "billing"}, "those that hold contact details"


def test_a_lift_is_ordered_too(cast, act, junaid, officer):
    restriction = act(restrict_processing, junaid, **officer)
    act(lift_by_two, restriction, **later(officer))
    assert kinds(cast) == [("restrict", ""), ("lift_restriction", "")]


def test_an_objection_is_ordered_and_its_end_is_not(cast, act, junaid, officer):
    objection = act(object_to_purpose, junaid, purpose_code="platform_improvement", **officer)
    assert kinds(cast) == [("object", "platform_improvement")]
    act(overrule_by_two, objection, **later(officer))
    assert kinds(cast) == [("object", "platform_improvement")]


def test_what_was_lifted_before_the_worker_came_orders_nothing(cast, act, junaid, officer):
    def at_once():
        lift_by_two(restrict_processing(junaid, **officer), **later(officer))

    act(at_once)
    assert orders(cast) == []


def test_a_lift_waits_for_the_last_restriction_that_covers_it(cast, act, junaid, officer):
    narrow = act(restrict_processing, junaid, purpose_code="newsletter", **officer)
    wide = act(restrict_processing, junaid, **later(officer))
    act(lift_by_two, narrow, **later(officer, 2))
    assert kinds(cast) == [("restrict", "newsletter"), ("restrict", "")]
    act(lift_by_two, wide, **later(officer, 3))
    assert kinds(cast)[2:] == [("lift_restriction", "")]


def test_a_narrower_restriction_that_remains_is_ordered_again(cast, act, junaid, officer):
    act(restrict_processing, junaid, purpose_code="newsletter", **officer)
    wide = act(restrict_processing, junaid, **later(officer))
    act(lift_by_two, wide, **later(officer, 2))
    assert kinds(cast)[2:] == [("lift_restriction", ""), ("restrict", "newsletter")]


def test_a_job_that_runs_twice_orders_once(cast, act, junaid, officer):
    restriction = act(restrict_processing, junaid, **officer)
    before = orders(cast)
    told = {"client": str(restriction.client_id), "limit": str(restriction.pk), "reason": WHY}
    order_limit(**told, step="restricted")
    assert orders(cast) == before


def test_a_withdrawal_orders_nothing(cast, act, junaid, at):
    farah = cast.actor("farah")

    def withdraw():
        token = shown(junaid.client_id, at)
        answers = [Answer("newsletter", ConsentState.GIVEN)]
        record_answers(junaid, answers=answers, shown=token, actor=farah, at=at)
        withdraw_consent(junaid, purpose="newsletter", actor=farah, at=at + MINUTE)

    act(withdraw)
    assert orders(cast) == []
    assert Caller(cast.key("indus")).reason("lms-junaid", "newsletter") == "consent_withdrawn"


@pytest.mark.parametrize("how", [erase_subject, start_erasure])
def test_about_a_person_who_is_or_was_erased_nothing_is_ordered(cast, act, junaid, officer, how):
    def restrict_and_erase():
        restrict_processing(junaid, **officer)
        how(junaid, **officer)

    act(restrict_and_erase)
    assert "restrict" not in {kind for kind, _, _ in orders(cast)}


def test_the_system_reads_the_purpose_of_its_order(cast, act, junaid, officer):
    act(restrict_processing, junaid, purpose_code="newsletter", **officer)
    [order] = Caller(cast.key("indus")).get("/api/v1/orders").json()["orders"]
    assert (order["kind"], order["purpose"], order["subject"]) == ("restrict", "newsletter", "lms-junaid")


def test_the_ledger_says_which_purpose(cast, act, junaid, officer):
    act(restrict_processing, junaid, purpose_code="newsletter", **officer)
    with in_client(cast.client_id("indus")):
        entries = Entry.objects.filter(kind="order.created", body__contains='"purpose":"newsletter"')
        assert entries.count() == len(orders(cast))
