"""Actors may do what the table of capabilities gives to their role, at their client only."""

import dataclasses
import uuid

import pytest

from paktaleem.foundation.accounts.actors import (
    NotAllowed,
    key_actor,
    person_actor,
    require,
    require_about,
    system_actor,
    user_actor,
)
from paktaleem.foundation.accounts.roles import KEY_SCOPES, OFFICER_ROLES, Capability, Role
from paktaleem.foundation.tenancy.rows import PAKTALEEM

ONE, OTHER, PERSON = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()


def actor_in(role):
    if role is Role.API_KEY:
        return key_actor(uuid.uuid4(), ONE, KEY_SCOPES)
    if role is Role.SYSTEM:
        return system_actor("task")
    if role is Role.DATA_SUBJECT:
        return person_actor(PERSON, ONE, acts_for=PERSON)
    return user_actor(uuid.uuid4(), role, PAKTALEEM if role in OFFICER_ROLES else ONE)


def permitted(actor, client_id):
    """Return the capabilities with which the actor may act for the client."""
    return {capability.value for capability in Capability if is_permitted(actor, capability, client_id)}


def is_permitted(actor, capability, client_id):
    """Return False if it is refused with the sentence about what the role may not do."""
    try:
        require(actor, capability, client_id)
    except NotAllowed as refusal:
        return "may not" not in str(refusal)
    return True


@pytest.mark.parametrize("role", Role)
def test_require_follows_the_table(role):
    assert permitted(actor_in(role), ONE) == {capability.value for capability in Capability if role in capability.roles}


@pytest.mark.parametrize("role", [Role.CLIENT_ADMIN, Role.API_KEY])
def test_roles_of_a_client_may_not_act_for_another(role):
    assert permitted(actor_in(role), OTHER) == set()


@pytest.mark.parametrize("role", sorted(OFFICER_ROLES))
def test_an_officers_role_at_a_school_sees_that_school_only(role):
    actor = user_actor(uuid.uuid4(), role, ONE)
    assert actor.client_id == ONE
    assert not actor.may(Capability.VIEW_SUBJECTS, OTHER)


def test_an_administrator_of_paktaleem_is_not_an_officer():
    actor = user_actor(uuid.uuid4(), Role.CLIENT_ADMIN, PAKTALEEM)
    assert actor.client_id == PAKTALEEM
    assert not actor.may(Capability.REGISTER_SUBJECTS, ONE)


def test_a_person_acts_only_for_themselves_or_their_child():
    child = uuid.uuid4()
    person, guardian = person_actor(PERSON, ONE, acts_for=PERSON), person_actor(PERSON, ONE, acts_for=child)
    for actor, own, foreign in ((person, PERSON, child), (guardian, child, PERSON)):
        require_about(actor, Capability.RECORD_CONSENTS, subject_id=own, client_id=ONE)
        for subject_id, client_id in ((foreign, ONE), (own, OTHER)):
            with pytest.raises(NotAllowed):
                require_about(actor, Capability.RECORD_CONSENTS, subject_id=subject_id, client_id=client_id)


def test_an_actor_is_immutable():
    actor = actor_in(Role.AUDITOR)
    for field in ("client_id", "capabilities", "role"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(actor, field, None)
    with pytest.raises((AttributeError, TypeError)):
        actor.is_superuser = True
    assert isinstance(actor.capabilities, frozenset)


def test_an_unknown_role_is_refused():
    with pytest.raises(ValueError, match="root"):
        user_actor(uuid.uuid4(), "root", PAKTALEEM)


def test_no_scope_exceeds_the_capabilities_of_api_keys():
    for scope, allowed in KEY_SCOPES.items():
        assert all(Role.API_KEY in capability.roles for capability in allowed), scope


@pytest.mark.parametrize("scope", KEY_SCOPES)
def test_a_key_has_the_capabilities_of_its_scope(scope):
    assert key_actor(uuid.uuid4(), ONE, [scope]).capabilities == KEY_SCOPES[scope]


@pytest.mark.parametrize("scopes", [[], ["root"], ["subjects:*"], ["SUBJECTS:READ"]])
def test_an_unknown_scope_gives_no_capabilities(scopes):
    assert key_actor(uuid.uuid4(), ONE, scopes).capabilities == frozenset()


def test_a_key_acts_only_for_its_client():
    actor = key_actor(uuid.uuid4(), ONE, KEY_SCOPES)
    assert actor.may(Capability.VIEW_SUBJECTS, ONE)
    assert not actor.may(Capability.VIEW_SUBJECTS, OTHER)


def test_a_task_is_always_the_same_actor():
    assert system_actor("age-out").id == system_actor("age-out").id != system_actor("disposal").id
