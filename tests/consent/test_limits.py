# ruff: noqa: PLR0917, S608 -- parametrized; names of our own tables
"""Restrictions and objections: opened and lifted from now on, with actor and reason."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from consent.consents.models import Objection, Restriction
from consent.consents.services.restrictions import (
    lift_restriction,
    object_to_purpose,
    request_lift,
    restrict_processing,
    withdraw_objection,
)
from consent.register.effects import WeakensSafeguard
from consent.register.services.safeguards import decide_safeguard_change
from paktaleem.foundation.accounts.actors import NotAllowed, person_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.second_person import ApproverIsRequester
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from rights.desk.limits import inform_before_lift, propose_overruling, settle_overruling
from tests.consent.approving import officer
from tests.consent.lifting import lift_by_two, overrule_by_two

WHY, DAY = Reason.SUBJECT_REQUEST, timedelta(days=1)


def restrict(cast, at, actor="amina", **values):
    return restrict_processing(cast.subject("hamza"), actor=cast.actor(actor), reason=WHY, at=at, **values)


def object_(cast, at, actor="amina", purpose_code="platform_improvement"):
    return object_to_purpose(
        cast.subject("hamza"), purpose_code=purpose_code, actor=cast.actor(actor), reason=WHY, at=at
    )


KINDS = [
    pytest.param(Restriction, restrict, lift_by_two, "restriction", id="restriction"),
    pytest.param(Objection, object_, overrule_by_two, "objection", id="objection"),
]


@pytest.mark.parametrize(("model", "open_", "lift", "word"), KINDS)
def test_a_limit_opens_and_is_lifted_from_now(cast, indus, now, model, open_, lift, word):
    limit = open_(cast, now)
    assert model.objects.active(now).filter(pk=limit.pk).exists()
    assert not model.objects.active(now - timedelta(microseconds=1)).filter(pk=limit.pk).exists()
    lift(limit, actor=cast.actor("amina"), reason=WHY, at=now + DAY)
    assert not model.objects.active(now + DAY).exists()
    assert model.objects.active(now + DAY - timedelta(microseconds=1)).exists()


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


@pytest.mark.parametrize(("model", "open_", "lift", "word"), KINDS)
def test_lifting_again_changes_nothing(cast, indus, now, model, open_, lift, word):
    limit = lift(open_(cast, now), actor=cast.actor("amina"), reason=WHY, at=now + DAY)
    lift(limit, actor=cast.actor("amina"), reason=WHY, at=now + 2 * DAY)
    assert model.objects.get(pk=limit.pk).ends_at == now + DAY
    assert limit.history.count() == 2


@pytest.mark.parametrize(("model", "open_", "lift", "word"), KINDS)
def test_a_stale_copy_does_not_lift_again(cast, indus, now, model, open_, lift, word):
    limit = open_(cast, now)
    stale = model.objects.get(pk=limit.pk)
    lift(limit, actor=cast.actor("amina"), reason=WHY, at=now + DAY)
    lift(stale, actor=cast.actor("amina"), reason=WHY, at=now + 2 * DAY)
    assert model.objects.get(pk=limit.pk).ends_at == now + DAY


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
def test_a_limit_names_a_known_purpose(cast, indus, now, model, open_, lift, word):
    with pytest.raises(ValidationError) as caught:
        open_(cast, now, purpose_code="nothing")
    assert list(caught.value.message_dict) == ["purpose_code"]


def test_an_objection_names_a_purpose(cast, indus, now):
    with pytest.raises(ValidationError):
        object_(cast, now, purpose_code="")


@pytest.mark.parametrize(("model", "open_", "lift", "word"), KINDS)
def test_the_database_refuses_a_period_out_of_order(cast, indus, now, model, open_, lift, word):
    open_(cast, now)
    with pytest.raises(IntegrityError, match="period"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET ends_at = starts_at - interval '1 day'")


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
    propose_overruling(limit, grounds="Court order 17/2026", actor=amina, at=now)
    monkeypatch.setattr("rights.desk.limits.MARKETING", {"dpv:ServiceOptimisation"})
    with pytest.raises(Refused, match="marketing"):
        propose_overruling(limit, grounds="Court order 17/2026", actor=amina, at=now)
    with pytest.raises(Refused, match="marketing"):
        settle_overruling(limit, approve=True, actor=officer(), at=now + DAY)
    assert Objection.objects.get(pk=limit.pk).ends_at is None


def test_a_restriction_is_not_lifted_by_one_person(cast, indus, now):
    limit = restrict(cast, now)
    with pytest.raises(WeakensSafeguard):
        lift_restriction(limit, actor=cast.actor("farah"), reason=WHY, at=now + DAY)
    with pytest.raises(IntegrityError, match="second person"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE consent_restriction SET ends_at = %s WHERE id = %s", [now + DAY, limit.pk])
    with pytest.raises(ValidationError) as caught:
        request_lift(limit, ground=" ", actor=cast.actor("farah"), at=now + DAY)
    assert list(caught.value.message_dict) == ["ground"]
    inform_before_lift(limit, way="by_hand", actor=cast.actor("farah"), at=now)
    change = request_lift(limit, ground="The dispute is settled.", actor=cast.actor("farah"), at=now + DAY)
    with pytest.raises(ApproverIsRequester):
        decide_safeguard_change(change, approve=True, actor=cast.actor("farah"), at=now + DAY)
    assert Restriction.objects.get(pk=limit.pk).ends_at is None
    decide_safeguard_change(change, approve=True, actor=cast.actor("amina"), at=now + 2 * DAY)
    assert Restriction.objects.get(pk=limit.pk).ends_at == now + 2 * DAY
