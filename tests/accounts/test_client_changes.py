"""Changes of a client that reduce guardian protection need an officer and a second person."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from paktaleem.foundation.accounts.actors import NotAllowed, user_actor
from paktaleem.foundation.accounts.client_services import (
    ClientChange,
    ReducesProtection,
    change_client,
    decide_client_change,
)
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.second_person import ApproverIsRequester, ChangeAlreadyDecided
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from tests.children.guardians import decision_reason
from tests.factories import SETTING_UP

MINUTE = timedelta(minutes=1)


def change(client, actor, at, **values):
    for name, value in values.items():
        setattr(client, name, value)
    return change_client(client, ground="The law has changed.", actor=actor, reason="law_change", at=at)


def kept(client):
    return Client.objects.get(pk=client.pk)


def test_ending_service_to_minors_needs_a_second_person(cast, indus, now):
    returned = change(indus, cast.actor("amina"), now, serves_minors=False, name="Indus renamed")
    assert (returned.serves_minors, kept(indus).serves_minors, kept(indus).name) == (True, True, "Indus renamed")
    assert decision_reason(cast, "lms-iqra", now) == "age_unknown"
    settled = decide_client_change(ClientChange.objects.get(), approve=True, actor=cast.actor("farah"), at=now + MINUTE)
    assert (settled.state, kept(indus).serves_minors) == ("approved", False)
    assert decision_reason(cast, "lms-iqra", now + MINUTE) == "permitted"
    kinds = list(
        Entry.objects.filter(kind__startswith="client.change_").order_by("recorded_at").values_list("kind", flat=True)
    )
    assert kinds == ["client.change_waiting", "client.change_settled"]
    assert indus.history.latest().actor_id == cast.actor("farah").id


@pytest.mark.parametrize("ground", ["", "  "])
def test_less_protection_needs_a_written_ground(cast, indus, now, ground):
    indus.serves_minors = False
    with pytest.raises(ReducesProtection) as caught:
        change_client(indus, ground=ground, actor=cast.actor("amina"), reason="law_change", at=now)
    assert list(caught.value.message_dict) == ["ground"]
    assert kept(indus).serves_minors
    assert not ClientChange.objects.exists()


LOOSER = [
    {"age_threshold": 15},
    {"country_thresholds": {"DE": 15, "GB": 13}},
    {"country_thresholds": {"GB": 13}},
    {"country_thresholds": {}},
    {"country": "GB"},
    {"age_threshold": 15, "country_thresholds": {"DE": 18, "GB": 18}},
]


@pytest.fixture
def strict(cast, indus, now):
    return change(indus, cast.actor("amina"), now, age_threshold=16, country_thresholds={"DE": 18, "GB": 13})


@pytest.mark.parametrize("values", LOOSER)
def test_a_lower_age_anywhere_waits_for_approval(cast, strict, now, values):
    before = kept(strict).thresholds
    change(strict, cast.actor("amina"), now + MINUTE, **values)
    assert kept(strict).thresholds == before == strict.thresholds
    decide_client_change(ClientChange.objects.get(), approve=True, actor=cast.actor("farah"), at=now + MINUTE)
    assert {name: getattr(kept(strict), name) for name in values} == values


@pytest.mark.parametrize(
    "values", [{"age_threshold": 18}, {"country_thresholds": {"DE": 21, "GB": 16}}, {"country": "DE"}]
)
def test_a_higher_age_takes_effect_at_once(cast, strict, now, values):
    change(strict, cast.actor("amina"), now + MINUTE, **values)
    assert {name: getattr(kept(strict), name) for name in values} == values
    assert not ClientChange.objects.exists()


def test_serving_minors_again_takes_effect_at_once(cast, now):
    with in_client(cast.client_id("khyber")):
        khyber = change(cast.client("khyber"), cast.actor("amina"), now, serves_minors=True)
        assert kept(khyber).serves_minors
        assert not ClientChange.objects.exists()


def test_the_requester_may_not_approve_and_other_roles_may_not_decide(cast, indus, now):
    change(indus, cast.actor("amina"), now, serves_minors=False)
    waiting = ClientChange.objects.get()
    with pytest.raises(ApproverIsRequester):
        decide_client_change(waiting, approve=True, actor=cast.actor("amina"), at=now)
    for actor in (cast.actor("bilal"), cast.actor("celia"), cast.key_actor("indus"), SETTING_UP):
        with pytest.raises(NotAllowed):
            decide_client_change(waiting, approve=True, actor=actor, at=now)
    with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
        ClientChange.objects.update(state="approved", settled_by=waiting.requested_by, settled_at=now)
    decide_client_change(waiting, approve=False, actor=cast.actor("amina"), at=now)
    assert kept(indus).serves_minors
    second = user_actor(new_id(), "privacy_officer", PAKTALEEM)
    with pytest.raises(ChangeAlreadyDecided):
        decide_client_change(waiting, approve=True, actor=second, at=now)


def test_a_repeated_request_is_stored_once_and_a_different_one_replaces_it(cast, indus, now):
    for _ in range(2):
        change(indus, cast.actor("amina"), now, serves_minors=False)
    assert ClientChange.objects.count() == 1
    indus.age_threshold = 16
    change(indus, cast.actor("amina"), now, serves_minors=True)
    change(indus, cast.actor("amina"), now, serves_minors=False, age_threshold=13)
    assert sorted(ClientChange.objects.values_list("state", flat=True)) == ["replaced", "waiting"]
