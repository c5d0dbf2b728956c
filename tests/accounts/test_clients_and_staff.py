"""Clients, staff and their roles, and changes of a client that reduce guardian protection."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils.module_loading import import_string

from consent.urls import choices_urls, privacy_urls
from paktaleem import settings as portal_settings
from paktaleem.foundation.accounts.actors import NotAllowed, user_actor
from paktaleem.foundation.accounts.backends import StaffBackend
from paktaleem.foundation.accounts.changes import ProposedChange, decide_proposed_change
from paktaleem.foundation.accounts.client_services import ReducesProtection, change_client
from paktaleem.foundation.accounts.models import RESERVED_CODES, Client, Membership, User
from paktaleem.foundation.accounts.second_person import ChangeAlreadyDecided
from paktaleem.foundation.accounts.selectors import list_memberships
from paktaleem.foundation.accounts.staff_accounts import AlreadyEnded
from paktaleem.foundation.accounts.staff_services import change_membership, change_user, end_membership, invite_user
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from tests.accounts.officers import approve, second_officer
from tests.cast import refused_to
from tests.children.guardians import decision_reason
from tests.factories import SETTING_UP

WHY = Reason.ONBOARDING


def make_client(cast, now, *, actor="amina", **changed):
    values = {"code": "ravi", "name": "Ravi College", "country": "PK", "time_zone": "Asia/Karachi", **changed}
    client = Client(id=new_id(), **values)
    with in_client(client.id):
        return change_client(client, actor=cast.actor(actor), reason=WHY, at=now)


def test_a_client_is_registered_with_history_and_evidence(cast, now):
    client = make_client(cast, now)
    with in_client(client.id):
        assert client.created_at == now
        assert client.age_threshold == 13
        [version] = client.history.all()
        assert (version.actor_id, version.history_change_reason) == (cast.user_id("amina"), "onboarding")
        entry = Entry.objects.get(kind="client.registered", client_id=client.id)
        assert json.loads(entry.body)["facts"]["code"] == "ravi"
    refused_to("bilal sana farah celia", lambda name: make_client(cast, now, actor=name))
    refused_to("bilal sana farah celia", lambda name: invite(cast, now, actor=name))


def test_a_code_of_another_client_is_refused_clearly_and_leaves_the_transaction_usable(cast, now):
    client = Client(id=new_id(), code="indus", name="X", country="PK", time_zone="UTC")
    with in_client(client.id):
        with pytest.raises(ValidationError) as caught:
            change_client(client, actor=cast.actor("amina"), reason=WHY, at=now)
        assert not Client.objects.exists()
    assert caught.value.message_dict == {"code": ["Another client has this code."]}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"code": "Ravi College"}, "code"),
        ({"code": "r"}, "code"),
        ({"code": "ravi\n"}, "code"),
        ({"code": "receipt"}, "code"),
        ({"country": "pk"}, "country"),
        ({"country": "PK\n"}, "country"),
        ({"time_zone": "Karachi"}, "time_zone"),
        ({"age_threshold": 12}, "age_threshold"),
        ({"age_threshold": 22}, "age_threshold"),
        ({"name": ""}, "name"),
    ],
)
def test_invalid_input_names_its_field(cast, now, changed, field):
    with pytest.raises(ValidationError) as caught:
        make_client(cast, now, **changed)
    assert field in caught.value.message_dict


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("client SET age_threshold = 12", "age_threshold"),
        ("client SET code = 'receipt'", "address"),
        ("membership SET role = 'privacy_officer'", "officers_b"),
    ],
)
def test_the_database_refuses_the_broken_row(cast, change, constraint):
    with in_client(cast.client_id("indus")), pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        connection.cursor().execute(f"UPDATE accounts_{change}")


def test_a_clients_code_is_never_a_path_segment_of_the_routes():
    beside = {
        str(one.pattern).split("/")[0]
        for included in (choices_urls, privacy_urls)
        for one in included
        if not str(one.pattern).startswith("<")
    }
    assert beside - {"", *RESERVED_CODES} == set()


def invite(cast, now, email="new@paktaleem.example", actor="amina"):
    with in_client(PAKTALEEM):
        return invite_user(email, full_name="New Colleague", actor=cast.actor(actor), at=now)


@pytest.mark.parametrize("address", ["amina@paktaleem.example", "AMINA@paktaleem.example "])
def test_right_credentials_sign_in_whatever_the_case_and_spaces_of_the_address(cast, address):
    assert StaffBackend().authenticate(None, address, "amina@paktaleem.example") == cast.user("amina")
    assert cast.user("amina").password.startswith("argon2")


def test_the_settings_hash_passwords_at_full_cost():
    [written] = portal_settings.PASSWORD_HASHERS
    assert import_string(written) is Argon2PasswordHasher
    assert (Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost) >= (2, 102_400)


def test_an_account_without_a_password_cannot_sign_in(cast, now):
    invite(cast, now)
    for guess in ("", "None", "!", None):
        assert StaffBackend().authenticate(None, "new@paktaleem.example", guess) is None


@pytest.mark.parametrize("email", ["amina@paktaleem.example", "AMINA@PAKTALEEM.EXAMPLE", "no address", ""])
def test_an_email_address_must_be_valid_and_unused(cast, now, email):
    with pytest.raises(ValidationError):
        invite(cast, now, email=email)


@pytest.mark.parametrize(
    ("address", "password"),
    [
        ("amina@paktaleem.example", "wrong"),
        ("nobody@paktaleem.example", "amina@paktaleem.example"),
        ("", ""),
        (None, None),
        ("amina@paktaleem.example", None),
        ("a\x00b", "x"),
        ("%", "amina@paktaleem.example"),
        ("_mina@paktaleem.example", "amina@paktaleem.example"),
    ],
)
def test_wrong_credentials_do_not_sign_in(cast, address, password):
    assert StaffBackend().authenticate(None, address, password) is None


def test_a_disabled_user_is_refused_on_the_next_request_and_has_no_roles(cast, now):
    backend = StaffBackend()
    assert backend.get_user(new_id()) is None
    assert backend.get_user(cast.user_id("amina")) is not None
    assert backend.get_user(str(cast.user_id("amina"))) is not None
    with in_global():
        User.objects.filter(id=cast.user_id("amina")).update(is_active=False)
    assert backend.get_user(cast.user_id("amina")) is None
    assert backend.authenticate(None, "amina@paktaleem.example", "amina@paktaleem.example") is None
    assert list_memberships(cast.user_id("amina"), at=now) == []


def give(cast, now, *, role="client_admin", code="indus", user="celia", actor="amina", **values):
    client_id = cast.client_id(code)
    with in_client(client_id):
        membership = Membership(client_id=client_id, user_id=cast.user_id(user), role=role, **values)
        made = change_membership(membership, ground="They asked me.", actor=cast.actor(actor), reason=WHY, at=now)
    if isinstance(made, Membership):
        return made
    approve(client_id, now)
    with in_client(client_id):
        return Membership.objects.get(client_id=client_id, user_id=cast.user_id(user), ends_at=None)


def end(cast, membership, at, *, code="indus", actor="amina"):
    with in_client(cast.client_id(code)):
        return end_membership(membership, actor=cast.actor(actor), reason=WHY, at=at)


def roles(cast, user, at):
    return [(choice.role, choice.client_name) for choice in list_memberships(cast.user_id(user), at=at)]


def test_a_role_is_in_effect_from_now_until_it_ends(cast, now):
    later, moment = now + timedelta(days=1), timedelta(microseconds=1)
    membership = give(cast, now, starts_at=now - timedelta(days=99))
    both = [("client_admin", "Indus Schools Network"), ("client_admin", "Khyber Institute")]
    assert membership.starts_at == now
    assert roles(cast, "celia", now - moment) == both[1:]
    assert roles(cast, "celia", now) == both
    end(cast, membership, later)
    assert roles(cast, "celia", later - moment) == both
    assert roles(cast, "celia", later) == both[1:]


def test_history_and_ledger_show_who_gave_and_ended_a_role(cast, now):
    membership = give(cast, now)
    end(cast, membership, now)
    second_officer_id = second_officer().id
    with in_client(cast.client_id("indus")):
        assert [version.actor_id for version in membership.history.all()] == [cast.user_id("amina"), second_officer_id]
        entries = Entry.objects.filter(recorded_at=now, kind__startswith="member").order_by("id")
        assert [entry.kind for entry in entries] == ["membership.changed", "membership.ended"]
    refused_to("bilal sana celia", lambda name: give(cast, now, actor=name))
    refused_to("bilal sana celia", lambda name: end(cast, membership, now, actor=name))


@pytest.mark.parametrize("role", ["privacy_officer", "support_agent", "auditor"])
def test_paktaleems_roles_are_given_at_paktaleem_only(cast, now, role):
    with pytest.raises(ValidationError):
        give(cast, now, role=role)
    assert give(cast, now, role=role, code="paktaleem").role == role


@pytest.mark.parametrize("role", ["system", "api_key", "root", ""])
def test_other_roles_cannot_be_given(cast, now, role):
    with pytest.raises(ValidationError):
        give(cast, now, role=role, code="paktaleem")


def test_a_user_has_one_open_role_at_a_client_which_ends_once_and_is_given_anew_not_reopened(cast, now):
    with pytest.raises(ValidationError):
        give(cast, now, user="farah")
    membership, later = give(cast, now), now + timedelta(days=1)
    end(cast, membership, later)
    with pytest.raises(AlreadyEnded):
        end(cast, membership, later + timedelta(days=1))
    assert len(roles(cast, "celia", later)) == 1
    membership.ends_at = None
    with in_client(cast.client_id("indus")), pytest.raises(AlreadyEnded):
        change_membership(membership, ground="They asked me.", actor=cast.actor("amina"), reason=WHY, at=later)
    assert give(cast, later + timedelta(days=1)).pk


def test_a_role_is_not_given_in_another_clients_context(cast, now):
    row = Membership(client_id=cast.client_id("khyber"), user_id=cast.user_id("farah"), role="client_admin")
    with in_client(cast.client_id("indus")), pytest.raises(ValidationError, match="not a valid choice"):
        change_membership(row, ground="They asked me.", actor=cast.actor("amina"), reason=WHY, at=now)


def test_an_officers_change_of_an_account_is_in_its_history(cast, now):
    user = cast.user("farah")
    user.full_name = "Farah Jatoi"
    with in_client(PAKTALEEM):
        change_user(user, actor=cast.actor("amina"), reason="correction", at=now)
        first, second = User.history.filter(id=user.id).order_by("history_date")
        user.save(update_fields=["last_login"])
        assert User.history.filter(id=user.id).count() == 2, "a sign-in adds no version"
    assert (first.history_type, first.history_change_reason) == ("+", "onboarding")
    assert not hasattr(second, "full_name"), "the history keeps no name, because it cannot be erased"
    assert second.actor_id == cast.user_id("amina")
    assert (second.history_change_reason, second.history_date) == ("correction", now)


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
    settled = decide_proposed_change(
        ProposedChange.objects.get(), approve=True, actor=cast.actor("farah"), at=now + MINUTE
    )
    assert (settled.state, kept(indus).serves_minors) == ("approved", False)
    assert decision_reason(cast, "lms-iqra", now + MINUTE) == "permitted"
    entries = Entry.objects.filter(kind__startswith="client.change_").order_by("recorded_at")
    assert [entry.kind for entry in entries] == ["client.change_waiting", "client.change_settled"]
    assert indus.history.latest().actor_id == cast.actor("farah").id


@pytest.mark.parametrize("ground", ["", "  "])
def test_less_protection_needs_a_written_ground(cast, indus, now, ground):
    indus.serves_minors = False
    with pytest.raises(ReducesProtection) as caught:
        change_client(indus, ground=ground, actor=cast.actor("amina"), reason="law_change", at=now)
    assert list(caught.value.message_dict) == ["ground"]
    assert kept(indus).serves_minors
    assert not ProposedChange.objects.exists()


@pytest.fixture
def strict(cast, indus, now):
    return change(indus, cast.actor("amina"), now, age_threshold=16, country_thresholds={"DE": 18, "GB": 13})


@pytest.mark.parametrize(
    "values",
    [
        {"age_threshold": 15},
        {"country_thresholds": {"DE": 15, "GB": 13}},
        {"country_thresholds": {"GB": 13}},
        {"country_thresholds": {}},
        {"country": "GB"},
        {"age_threshold": 15, "country_thresholds": {"DE": 18, "GB": 18}},
    ],
)
def test_a_lower_age_anywhere_waits_for_approval(cast, strict, now, values):
    before = kept(strict).thresholds
    change(strict, cast.actor("amina"), now + MINUTE, **values)
    assert kept(strict).thresholds == before == strict.thresholds
    decide_proposed_change(ProposedChange.objects.get(), approve=True, actor=cast.actor("farah"), at=now + MINUTE)
    assert {name: getattr(kept(strict), name) for name in values} == values


@pytest.mark.parametrize(
    "values", [{"age_threshold": 18}, {"country_thresholds": {"DE": 21, "GB": 16}}, {"country": "DE"}]
)
def test_a_higher_age_takes_effect_at_once(cast, strict, now, values):
    change(strict, cast.actor("amina"), now + MINUTE, **values)
    assert {name: getattr(kept(strict), name) for name in values} == values
    assert not ProposedChange.objects.exists()


def test_serving_minors_again_takes_effect_at_once(cast, now):
    with in_client(cast.client_id("khyber")):
        khyber = change(cast.client("khyber"), cast.actor("amina"), now, serves_minors=True)
        assert kept(khyber).serves_minors
        assert not ProposedChange.objects.exists()


def test_other_roles_may_not_decide(cast, indus, now):
    change(indus, cast.actor("amina"), now, serves_minors=False)
    waiting = ProposedChange.objects.get()
    for actor in (cast.actor("bilal"), cast.actor("celia"), cast.key_actor("indus"), SETTING_UP):
        with pytest.raises(NotAllowed):
            decide_proposed_change(waiting, approve=True, actor=actor, at=now)
    with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
        ProposedChange.objects.update(state="approved", settled_by=waiting.requested_by, settled_at=now)
    decide_proposed_change(waiting, approve=False, actor=cast.actor("amina"), at=now)
    assert kept(indus).serves_minors
    second = user_actor(new_id(), "privacy_officer", PAKTALEEM)
    with pytest.raises(ChangeAlreadyDecided):
        decide_proposed_change(waiting, approve=True, actor=second, at=now)


def test_a_later_request_replaces_one_that_waits(cast, indus, now):
    change(indus, cast.actor("amina"), now, serves_minors=False)
    indus.age_threshold = 16
    change(indus, cast.actor("amina"), now, serves_minors=True)
    change(indus, cast.actor("amina"), now, serves_minors=False, age_threshold=13)
    assert sorted(ProposedChange.objects.values_list("state", flat=True)) == ["replaced", "waiting"]
