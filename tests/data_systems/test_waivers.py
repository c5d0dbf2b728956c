"""Waiving a system's answer takes two people."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from paktaleem.directory.data_systems.models import OrderStep, Waiver
from paktaleem.directory.data_systems.services.fulfilment import (
    accept_order,
    approve_waiver,
    complete_order,
    propose_waiver,
)
from paktaleem.directory.data_systems.states import Answer, Outcome, StepRefused
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.second_person import ApproverIsRequester
from paktaleem.foundation.audit.models import Entry


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


def test_a_proposal_says_why_in_words(cast, issue, now):
    with pytest.raises(ValidationError) as refused:
        propose_waiver(issue(), ground="", actor=cast.actor("farah"), reason="review", at=now)
    assert [*refused.value.message_dict] == ["ground"]


def test_the_requester_may_not_approve(cast, issue, now):
    order = issue()
    propose(order, cast.actor("amina"), now)
    with pytest.raises(ApproverIsRequester):
        approve_waiver(order, actor=cast.actor("amina"), at=now)


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


@pytest.mark.parametrize("name", ["bilal", "sana", "celia", "key"])
def test_neither_other_roles_nor_a_key_may_propose_a_waiver(cast, issue, key, now, name):
    with pytest.raises(NotAllowed):
        propose(issue(), key if name == "key" else cast.actor(name), now)


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
