"""Restrictions and objections: opened and lifted from now on, with actor and reason."""

from datetime import timedelta

import pytest
from django.db import IntegrityError

from consent.consents.models import Objection, Restriction
from consent.consents.services.recording import withdraw_consent
from consent.consents.services.restrictions import (
    lift_restriction,
    object_to_purpose,
    request_lift,
    restrict_processing,
    withdraw_objection,
)
from consent.register.effects import WeakensSafeguard
from consent.tasks import order_limit
from paktaleem.directory.data_systems.models import Order, System
from paktaleem.directory.people.services.erasure import erase_subject, start_erasure
from paktaleem.foundation.accounts.actors import NotAllowed, person_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.changes import decide_proposed_change
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from rights.desk.cases import inform_before_lift, propose_overruling, settle_overruling
from tests.api.callers import Caller
from tests.consent.making import DAY, execute, give, lift_by_two, officer, overrule_by_two, refuses
from tests.working import work

# ruff: noqa: PLR0917, S608 -- parametrized; names of our own tables


WHY = Reason.SUBJECT_REQUEST


def restrict(cast, at, actor="amina", **values):
    return restrict_processing(cast.subject("hamza"), actor=cast.actor(actor), reason=WHY, at=at, **values)


def object_(cast, at, actor="amina", purpose_code="platform_improvement"):
    by = {"actor": cast.actor(actor), "reason": WHY, "at": at}
    return object_to_purpose(cast.subject("hamza"), purpose_code=purpose_code, **by)


KINDS = [
    pytest.param(Restriction, restrict, lift_by_two, "restriction", id="restriction"),
    pytest.param(Objection, object_, overrule_by_two, "objection", id="objection"),
]


@pytest.mark.parametrize(("model", "open_", "lift", "word"), KINDS)
def test_a_limit_opens_and_is_lifted_from_now(cast, indus, now, model, open_, lift, word):
    limit = open_(cast, now)
    assert model.objects.active(now).filter(pk=limit.pk).exists()
    assert not model.objects.active(now - timedelta(microseconds=1)).filter(pk=limit.pk).exists()
    stale = model.objects.get(pk=limit.pk)
    lifted = lift(limit, actor=cast.actor("amina"), reason=WHY, at=now + DAY)
    for again in (lifted, stale):  # changes nothing
        lift(again, actor=cast.actor("amina"), reason=WHY, at=now + 2 * DAY)
    assert not model.objects.active(now + DAY).exists()
    assert model.objects.active(now + DAY - timedelta(microseconds=1)).exists()
    assert limit.history.count() == 2


@pytest.mark.parametrize(("model", "open_", "lift", "word"), KINDS)
def test_history_and_evidence_say_who_and_why(cast, indus, now, model, open_, lift, word):
    second = "amina" if model is Objection else "farah"
    limit = lift(open_(cast, now), actor=cast.actor(second), reason=Reason.REVIEW, at=now + DAY)
    versions = list(limit.history.order_by("history_date").values_list("actor_id", "history_change_reason"))
    assert versions == [(cast.user_id("amina"), "subject_request"), (cast.user_id(second), "review")]
    entries = Entry.objects.filter(subject_id=cast.subject_id("hamza"), kind__startswith=word).order_by("recorded_at")
    entries = entries.filter(kind__in=[f"{word}.opened", f"{word}.lifted"])
    assert list(entries.values_list("kind", "actor_id", "recorded_at")) == [
        (f"{word}.opened", cast.user_id("amina"), now),
        (f"{word}.lifted", cast.user_id(second), now + DAY),
    ]


@pytest.mark.parametrize("actor", ["bilal", "sana", "celia"])
@pytest.mark.parametrize(("model", "open_", "lift", "word"), KINDS)
def test_others_may_not(cast, indus, now, model, open_, lift, word, actor):
    with pytest.raises(NotAllowed):
        open_(cast, now, actor)
    limit = open_(cast, now)
    with pytest.raises(NotAllowed):
        lift(limit, actor=cast.actor(actor), reason=WHY, at=now)
    assert model.objects.get(pk=limit.pk).ends_at is None


@pytest.mark.parametrize(("model", "open_", "lift", "word"), KINDS)
def test_a_limit_names_a_known_purpose_and_its_period_is_in_order(cast, indus, now, model, open_, lift, word):
    for code in ["nothing", *([""] if model is Objection else [])]:
        with refuses("purpose_code"):
            open_(cast, now, purpose_code=code)
    open_(cast, now)
    with pytest.raises(IntegrityError, match="period"):
        execute(f"UPDATE {model._meta.db_table} SET ends_at = starts_at - interval '1 day'")


@pytest.mark.parametrize("actor", ["farah", "amina"])
def test_one_person_of_the_staff_does_not_end_an_objection(cast, indus, now, actor):
    limit = object_(cast, now)
    for end in (withdraw_objection, overrule_by_two) if actor == "farah" else (withdraw_objection,):
        with pytest.raises(NotAllowed):
            end(limit, actor=cast.actor(actor), reason=WHY, at=now + DAY)
    assert Objection.objects.get(pk=limit.pk).ends_at is None


def test_the_person_withdraws_an_objection(cast, indus, now):
    limit, hamza = object_(cast, now), cast.subject("hamza")
    own = person_actor(hamza.pk, indus.pk, acts_for=hamza.pk)
    assert withdraw_objection(limit, actor=own, reason=WHY, at=now + DAY).ends_at == now + DAY


def test_an_objection_to_marketing_is_absolute(cast, indus, now, monkeypatch):
    limit, amina = object_(cast, now), cast.actor("amina")
    propose_overruling(limit, ground="Court order 17/2026", actor=amina, at=now)
    monkeypatch.setattr("rights.desk.cases.MARKETING", {"dpv:ServiceOptimisation"})
    with pytest.raises(Refused, match="marketing"):
        propose_overruling(limit, ground="Court order 17/2026", actor=amina, at=now)
    with pytest.raises(Refused, match="marketing"):
        settle_overruling(limit, approve=True, actor=officer(), at=now + DAY)
    assert Objection.objects.get(pk=limit.pk).ends_at is None


def test_a_restriction_is_not_lifted_by_one_person(cast, indus, now):
    limit = restrict(cast, now)
    with pytest.raises(WeakensSafeguard):
        lift_restriction(limit, actor=cast.actor("farah"), reason=WHY, at=now + DAY)
    with pytest.raises(IntegrityError, match="second person"):
        execute("UPDATE consent_restriction SET ends_at = %s WHERE id = %s", now + DAY, limit.pk)
    with refuses("ground"):
        request_lift(limit, ground=" ", actor=cast.actor("farah"), at=now + DAY)
    inform_before_lift(limit, way="by_hand", actor=cast.actor("farah"), at=now)
    change = request_lift(limit, ground="The dispute is settled.", actor=cast.actor("farah"), at=now + DAY)
    assert Restriction.objects.get(pk=limit.pk).ends_at is None
    decide_proposed_change(change, approve=True, actor=cast.actor("amina"), at=now + 2 * DAY)
    assert Restriction.objects.get(pk=limit.pk).ends_at == now + 2 * DAY


MINUTE = timedelta(minutes=1)
TASKS = {"consent.issue_limit_orders": order_limit}


@pytest.fixture
def at():
    return wall_clock_now() - timedelta(hours=1)


@pytest.fixture
def told(cast, at):
    return {"actor": cast.actor("amina"), "reason": Reason.SUBJECT_REQUEST, "at": at}


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


def later(told, minutes=1):
    return {**told, "at": told["at"] + minutes * MINUTE}


def test_a_restriction_of_everything_goes_once_to_every_system_and_so_does_its_lift(cast, act, junaid, told):
    restriction = act(restrict_processing, junaid, **told)
    before = orders(cast)
    job = {"client": str(restriction.client_id), "limit": str(restriction.pk), "reason": Reason.SUBJECT_REQUEST}
    order_limit(**job, step="restricted")
    assert orders(cast) == before
    with in_client(cast.client_id("indus")):
        assert {one.system for one in Order.objects.select_related("system")} == set(System.objects.all())
        assert {(one.kind, one.purpose, one.parent_kind, one.parent_id) for one in Order.objects.all()} == {
            ("restrict", "", "restriction", restriction.pk)
        }
        assert {one.reason for one in Order.objects.all()} == {Reason.SUBJECT_REQUEST}
        assert {one.ground for one in Order.objects.all()} == {"right_of_the_person"}
    act(lift_by_two, restriction, **later(told))
    assert kinds(cast) == [("restrict", ""), ("lift_restriction", "")]


def test_a_restriction_of_one_purpose_goes_where_its_data_is_and_names_it(cast, act, junaid, told):
    act(restrict_processing, junaid, purpose_code="newsletter", **told)
    found = orders(cast)
    assert {(kind, purpose) for kind, purpose, _ in found} == {("restrict", "newsletter")}
    assert {system for _, _, system in found} == {"lms", "billing"}, "those that hold contact details"
    [order] = Caller(cast.key("indus")).get("/api/v1/orders").json()["orders"]
    assert (order["kind"], order["purpose"], order["subject"]) == ("restrict", "newsletter", "lms-junaid")
    with in_client(cast.client_id("indus")):
        entries = Entry.objects.filter(kind="order.created", body__contains='"purpose":"newsletter"')
        assert entries.count() == len(found)


def test_an_objection_is_ordered_and_its_end_is_not(cast, act, junaid, told):
    objection = act(object_to_purpose, junaid, purpose_code="platform_improvement", **told)
    assert kinds(cast) == [("object", "platform_improvement")]
    act(overrule_by_two, objection, **later(told))
    assert kinds(cast) == [("object", "platform_improvement")]


def test_what_was_lifted_before_the_worker_came_orders_nothing(cast, act, junaid, told):
    def at_once():
        lift_by_two(restrict_processing(junaid, **told), **later(told))

    act(at_once)
    assert orders(cast) == []


def test_a_lift_waits_for_the_last_restriction_that_covers_it(cast, act, junaid, told):
    narrow = act(restrict_processing, junaid, purpose_code="newsletter", **told)
    wide = act(restrict_processing, junaid, **later(told))
    act(lift_by_two, narrow, **later(told, 2))
    assert kinds(cast) == [("restrict", "newsletter"), ("restrict", "")]
    act(lift_by_two, wide, **later(told, 3))
    assert kinds(cast)[2:] == [("lift_restriction", "")]


def test_a_narrower_restriction_that_remains_is_ordered_again(cast, act, junaid, told):
    act(restrict_processing, junaid, purpose_code="newsletter", **told)
    wide = act(restrict_processing, junaid, **later(told))
    act(lift_by_two, wide, **later(told, 2))
    assert kinds(cast)[2:] == [("lift_restriction", ""), ("restrict", "newsletter")]


def test_a_withdrawal_orders_nothing(cast, act, junaid, at):
    farah = cast.actor("farah")
    act(give, junaid, at, actor=farah)
    act(withdraw_consent, junaid, purpose="newsletter", actor=farah, at=at + MINUTE)
    assert orders(cast) == []
    assert Caller(cast.key("indus")).reason("lms-junaid", "newsletter") == "consent_withdrawn"


@pytest.mark.parametrize("how", [erase_subject, start_erasure])
def test_about_a_person_who_is_or_was_erased_nothing_is_ordered(cast, act, junaid, told, how):
    def restrict_and_erase():
        restrict_processing(junaid, **told)
        how(junaid, **told)

    act(restrict_and_erase)
    assert "restrict" not in {kind for kind, _, _ in orders(cast)}
