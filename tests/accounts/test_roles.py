"""Permissions of the roles, as a table written by hand."""

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
from paktaleem.foundation.accounts.roles import KEY_SCOPES, OFFICER_ROLES, ROLES_BY_CAPABILITY, Capability, Role
from paktaleem.foundation.tenancy.rows import PAKTALEEM

TABLE = """
                          officer support auditor admin reader key system person
view_clients                 x       x       x      x     x     .    x      .
view_client_set_up           x       .       x      x     x     .    x      .
manage_clients               x       .       .      .     .     .    x      .
view_staff                   x       .       x      x     x     .    .      .
manage_staff                 x       .       .      .     .     .    .      .
manage_colleagues            x       .       .      x     .     .    .      .
review_access                x       .       .      x     .     .    .      .
lock_access                  .       .       .      .     .     .    x      .
view_api_keys                x       .       x      x     x     .    .      .
manage_api_keys              x       .       .      x     .     .    x      .
view_subjects                x       x       x      x     x     x    x      .
view_rosters                 x       .       x      x     x     .    x      .
view_person_changes          x       .       x      x     x     .    x      .
register_subjects            x       .       .      x     .     x    x      .
import_rosters               x       .       .      x     .     .    x      .
let_many_vanish              x       .       .      x     .     .    x      .
merge_people                 x       .       .      x     .     .    .      .
close_school_years           x       .       .      x     .     .    x      .
reveal_personal_data         x       .       .      x     .     x    .      .
erase_subjects               x       .       .      .     .     .    x      .
view_who_looked              x       .       x      x     x     .    .      .
view_register                x       .       x      x     x     x    x      .
manage_register              x       .       .      x     .     .    x      .
weaken_safeguards            x       .       .      x     .     .    .      .
manage_agreements            x       .       .      .     .     .    x      .
sign_agreements              x       .       .      x     .     .    .      .
attest_duties                .       .       .      x     .     .    .      .
propose_exits                x       .       .      x     .     .    .      .
approve_exits                x       .       .      .     .     .    .      .
carry_out_exits              .       .       .      .     .     .    x      .
sign_balancing_test          x       .       .      .     .     .    x      .
view_consents                x       .       x      x     x     x    x      .
record_consents              x       .       .      x     .     x    x      .
revoke_consents              x       .       .      x     .     .    .      .
invalidate_consents          x       .       .      .     .     .    .      .
view_evidence                x       .       .      x     .     .    .      .
restrict_processing          x       .       .      x     .     .    .      .
ask_decisions                x       .       .      x     .     x    x      .
view_ledger                  x       .       x      x     x     .    .      .
view_letters                 x       x       x      x     x     .    x      .
resend_letters               x       x       .      x     .     .    .      .
announce_notices             x       .       .      x     .     .    x      .
answer_announcements         .       .       .      x     .     .    .      .
answer_objections            x       .       .      .     .     .    .      .
export_rows                  x       .       x      x     x     .    .      .
issue_links                  x       x       .      x     .     x    x      .
view_webhooks                x       .       x      x     x     x    .      .
manage_webhooks              x       .       .      x     .     x    x      .
view_systems                 x       .       x      x     x     .    x      .
manage_systems               x       .       .      x     .     .    x      .
view_orders                  x       .       x      x     x     .    x      .
issue_orders                 x       .       .      x     .     .    x      .
carry_out_orders             x       .       .      x     .     x    .      .
waive_orders                 x       .       .      x     .     .    .      .
use_sandbox                  x       .       .      x     .     x    .      .
export_evidence              x       .       .      x     .     .    .      .
view_forms                   x       .       x      x     x     .    x      .
manage_forms                 x       .       .      x     .     .    x      .
confirm_answers              x       .       .      x     .     .    x      .
view_guardians               x       x       x      x     x     x    x      .
view_child_records           x       .       x      x     x     x    x      .
manage_guardians             x       .       .      x     .     x    x      .
verify_guardians             x       .       .      x     .     x    x      .
record_guardians             x       .       .      x     .     x    x      .
settle_child_changes         x       .       .      x     .     .    .      .
quarantine_subjects          x       .       .      .     .     .    x      .
declare_mechanisms           .       .       .      x     .     .    x      .
invite_guardians             x       .       .      x     .     x    x      .
report_collections           .       .       .      .     .     x    x      .
view_holdings                x       .       x      x     x     x    x      .
view_incidents               x       .       x      x     x     .    x      .
settle_incidents             x       .       .      .     .     .    x      .
view_rights_requests         x       x       x      x     x     x    x      .
view_request_figures         x       .       x      x     x     .    x      .
view_authority_cases         x       .       x      x     x     .    x      .
receive_rights_requests      x       x       .      x     .     x    x      .
handle_rights_requests       x       .       .      x     .     .    .      .
triage_rights_requests       x       .       .      .     .     .    .      .
extend_rights_requests       x       .       .      x     .     .    .      .
decide_rights_requests       x       .       .      x     .     .    .      .
answer_rights_requests       x       .       .      x     .     .    .      .
close_rights_requests        x       .       .      x     .     .    .      .
hand_over_copies             x       .       .      x     .     .    .      .
call_back_rights_requests    x       x       .      x     .     .    .      .
decide_collections           x       .       .      x     .     .    .      .
manage_retention             x       .       .      x     .     .    x      .
manage_holds                 x       .       .      x     .     .    x      .
lift_holds             x       .       .      x     .     .    .      .
review_disposals             x       .       .      x     .     .    x      .
approve_disposals            x       .       .      x     .     .    .      .
report_disclosures           .       .       .      .     .     x    x      .
view_disclosures             x       .       x      x     x     .    x      .
view_legal_disclosures       x       .       x      x     x     .    .      .
manage_legal_disclosures     x       .       .      .     .     .    .      .
view_periods                 x       .       x      .     .     .    .      .
manage_periods               x       .       .      .     .     .    .      .
view_breaches                x       .       x      x     x     .    x      .
view_security_events         x       .       x      .     .     .    .      .
view_security_assessments    x       .       x      .     .     .    .      .
manage_security_assessments  x       .       .      .     .     .    .      .
manage_breaches              x       .       .      .     .     .    .      .
build_regulator_packs        x       .       .      x     .     .    x      .
overrule_objections          x       .       .      .     .     .    .      .
view_erasures                x       .       x      x     x     .    x      .
propose_erasures             x       .       .      x     .     .    .      .
approve_erasures             x       .       .      x     .     .    .      .
own_choices                  .       .       .      .     .     .    .      x
"""
COLUMNS = {
    "officer": Role.PRIVACY_OFFICER,
    "support": Role.SUPPORT_AGENT,
    "auditor": Role.AUDITOR,
    "admin": Role.CLIENT_ADMIN,
    "reader": Role.CLIENT_AUDITOR,
    "key": Role.API_KEY,
    "system": Role.SYSTEM,
    "person": Role.DATA_SUBJECT,
}
_HEAD, *_LINES = [line.split() for line in TABLE.strip().splitlines()]
ALLOWED = {
    line[0]: {COLUMNS[name] for name, mark in zip(_HEAD, line[1:], strict=True) if mark == "x"} for line in _LINES
}

ONE, OTHER, PERSON = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()


def test_the_capabilities_of_each_role_match_the_table():
    assert {capability.value: roles for capability, roles in ROLES_BY_CAPABILITY.items()} == ALLOWED


def test_the_table_lists_exactly_the_capabilities():
    assert set(ALLOWED) == {capability.value for capability in Capability} == set(ROLES_BY_CAPABILITY)


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
    assert permitted(actor_in(role), ONE) == {name for name, roles in ALLOWED.items() if role in roles}


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


def test_each_scope_has_the_listed_capabilities():
    assert {scope: {one.value for one in allowed} for scope, allowed in KEY_SCOPES.items()} == {
        "subjects:read": {"view_subjects"},
        "subjects:write": {"register_subjects"},
        "subjects:reveal": {"reveal_personal_data"},
        "register:read": {"view_register"},
        "consents:read": {"view_consents"},
        "consents:write": {"record_consents"},
        "decisions:ask": {"ask_decisions"},
        "links:write": {"issue_links"},
        "orders": {"carry_out_orders"},
        "guardians:read": {"view_guardians", "view_child_records"},
        "sandbox": {"use_sandbox"},
        "guardians:write": {"manage_guardians", "verify_guardians", "record_guardians", "invite_guardians"},
        "holdings:read": {"view_holdings"},
        "holdings:write": {"report_collections"},
        "disclosures:write": {"report_disclosures"},
        "requests:read": {"view_rights_requests"},
        "requests:write": {"receive_rights_requests"},
        "webhooks:manage": {"manage_webhooks", "view_webhooks"},
    }


def test_no_scope_exceeds_the_capabilities_of_api_keys():
    for scope, allowed in KEY_SCOPES.items():
        assert all(Role.API_KEY in ROLES_BY_CAPABILITY[capability] for capability in allowed), scope


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
