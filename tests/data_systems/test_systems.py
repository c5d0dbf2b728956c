"""Systems that hold data: registered, changed, ended, and the keys that act for them."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from paktaleem.directory.data_systems.models import System, SystemKey
from paktaleem.directory.data_systems.selectors import NoSystem, system_of_key, systems, systems_holding
from paktaleem.directory.data_systems.services.registering import (
    AlreadyEnded,
    EndNotProposed,
    assign_key,
    change_system,
    end_system,
    end_system_key,
    keep_system,
    propose_system_end,
)
from paktaleem.foundation.accounts.actors import NotAllowed, key_actor
from paktaleem.foundation.accounts.models import ApiKey
from paktaleem.foundation.accounts.second_person import ApproverIsRequester
from paktaleem.foundation.accounts.services import rotate_api_key
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.data_systems.ending import end_by_two_people
from tests.factories import make_system


@pytest.fixture
def by(cast, now):
    return {"actor": cast.actor("farah"), "reason": Reason.REVIEW, "at": now}


def test_registering_and_changing_a_system_is_recorded(cast, indus, library, by):
    library.name = "School library"
    change_system(library, **by)
    assert [(one.history_change_reason, one.name) for one in System.history.filter(id=library.pk)] == [
        ("review", "School library"),
        ("onboarding", "Library"),
    ]
    entries = Entry.objects.filter(kind__startswith="system.", body__contains=str(library.pk)).order_by("id")
    assert [one.kind for one in entries] == ["system.registered", "system.changed"]
    assert "content" in entries[0].body


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("categories", []),
        ("categories", ["content", "content"]),
        ("categories", ["Not A Code"]),
        ("contact", "the team"),
        ("code", "Library!"),
        ("delivery", "pigeon"),
    ],
)
def test_an_invalid_value_names_its_field(library, by, field, value):
    setattr(library, field, value)
    with pytest.raises(ValidationError) as refused:
        change_system(library, **by)
    assert field in refused.value.message_dict


def test_code_start_and_end_of_a_system_cannot_be_changed(library, by, now):
    for field, value in (("code", "other"), ("starts_at", now), ("ends_at", now + timedelta(days=9))):
        changed = System.objects.get(pk=library.pk)
        setattr(changed, field, value)
        with pytest.raises(ValidationError) as refused:
            change_system(changed, **by)
        assert field in refused.value.message_dict


def test_a_system_cannot_start_in_the_past(indus, by, now):
    early = System(client=indus, code="early", name="E", categories=["content"], contact="e@indus.example")
    early.delivery, early.starts_at = "poll", now - timedelta(seconds=1)
    with pytest.raises(ValidationError, match="backdated"):
        change_system(early, **by)


def test_a_system_gets_orders_until_a_second_person_agrees_to_its_end(cast, indus, library, by, now):
    with pytest.raises(EndNotProposed):
        end_system(library, **by)
    propose_system_end(library, **by)
    with pytest.raises(ApproverIsRequester):
        end_system(library, **by)
    assert library in systems_holding(indus.id, ["content"], at=now)
    keep_system(library, **by)
    with pytest.raises(EndNotProposed):
        end_system(library, actor=cast.actor("amina"), reason=Reason.REVIEW, at=now)
    assert list(Entry.objects.filter(kind__startswith="system.end").order_by("id").values_list("kind", flat=True)) == [
        "system.end_proposed",
        "system.end_declined",
    ]


def test_the_database_refuses_an_end_by_one_person(cast, library, now):
    library.proposed_by = library.ended_by = cast.user_id("farah")
    with pytest.raises(IntegrityError, match="system_ended_by_two_people"), transaction.atomic():
        save_tracked(library, actor=cast.actor("farah"), reason=Reason.REVIEW, at=now)


def test_a_system_keeps_the_categories_that_orders_must_reach(library, by):
    library.categories = ["usage_logs"]
    with pytest.raises(ValidationError) as refused:
        change_system(library, **by)
    assert "(content)" in str(refused.value.message_dict["categories"])


def test_an_ended_system_gets_no_more_orders(cast, indus, library, by, now):
    end_by_two_people(cast, library, at=now)
    assert library not in systems_holding(indus.id, ["content"], at=now)
    assert library in systems_holding(indus.id, ["content"], at=now - timedelta(seconds=1))
    with pytest.raises(AlreadyEnded):
        propose_system_end(library, **by)


def test_the_systems_holding_data_are_the_clients_and_paktaleems(cast, indus, library, now):
    assert [one.code for one in systems_holding(indus.id, ["content"], at=now)] == ["library", "lms"]
    assert [one.code for one in systems_holding(indus.id, ["contact_details"], at=now)] == ["billing", "lms"]
    assert systems_holding(indus.id, ["unheard_of"], at=now) == []


def test_other_clients_staff_may_not_end_a_system(cast, library):
    celia = cast.actor("celia")
    assert "billing" in [one.code for one in systems(cast.actor("farah"))]
    with pytest.raises(NotAllowed):
        end_system(library, actor=celia, reason=Reason.REVIEW, at=library.starts_at)


def test_another_client_does_not_see_the_system(cast):
    with in_client(cast.client_id("indus")):
        make_system(cast.client("indus"), "library", ["content"])
    with in_client(cast.client_id("khyber")):
        assert [one.code for one in systems(cast.actor("celia"))] == ["billing", "lms"]
        assert [one.client_id for one in System.objects.order_by("code")] == [PAKTALEEM, cast.client_id("khyber")]


def test_only_paktaleem_changes_its_own_systems(cast, indus, by):
    billing = System.objects.get(code="billing")
    with pytest.raises(NotAllowed):
        change_system(billing, **by)
    with pytest.raises(NotAllowed):
        end_system(billing, **by)


@pytest.mark.parametrize("name", ["bilal", "sana"])
def test_other_roles_may_not_end_a_system(cast, library, name, now):
    with pytest.raises(NotAllowed):
        end_system(library, actor=cast.actor(name), reason=Reason.REVIEW, at=now)


def test_a_key_acts_for_its_system(cast, indus, lms, key, now):
    assert system_of_key(key, at=now) == lms


def test_the_successor_of_a_rotated_key_acts_for_the_same_system(cast, indus, lms, now):
    old = ApiKey.objects.get(pk=cast.key_id("indus"))
    successor, _ = rotate_api_key(old, actor=cast.actor("farah"), at=now)
    actor = key_actor(successor.pk, indus.id, successor.scopes)
    assert system_of_key(actor, at=now) == lms


def test_a_key_whose_assignment_ended_acts_for_no_system(cast, indus, key, by, now):
    acting = SystemKey.objects.get(client=indus)
    end_system_key(acting, **by)
    with pytest.raises(NoSystem):
        system_of_key(key, at=now)
    with pytest.raises(AlreadyEnded):
        end_system_key(acting, **by)
    assign_key(SystemKey(client=indus, system=acting.system, key_name="LMS"), **by)
    assert system_of_key(key, at=now).code == "lms"
    kinds = Entry.objects.filter(kind__startswith="system.key_").order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["system.key_let_in", "system.key_ended", "system.key_let_in"]


def test_a_key_acts_for_one_system(indus, library, by):
    with pytest.raises(ValidationError) as refused:
        assign_key(SystemKey(client=indus, system=library, key_name="LMS"), **by)
    assert "key_name" in refused.value.message_dict


def test_only_a_valid_key_with_the_scope_can_be_assigned(indus, library, by):
    with pytest.raises(ValidationError, match="scope orders"):
        assign_key(SystemKey(client=indus, system=library, key_name="Nobody"), **by)


def test_a_key_cannot_be_assigned_to_another_clients_system(cast, indus, by):
    with in_client(cast.client_id("indus")):
        foreign = System(id=indus.pk, client_id=cast.client_id("khyber"), code="x")
        with pytest.raises(ValidationError, match="of this client"):
            assign_key(SystemKey(client=indus, system=foreign, key_name="LMS"), **by)


def test_the_database_refuses_a_system_without_categories(library):
    refused = pytest.raises(IntegrityError, match="system_holds_something")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE data_systems_system SET categories = '{}' WHERE id = %s", [library.pk])
