"""The host makes the first officers and recovers the last ones; recorded, and reported to the others."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from paktaleem.foundation.accounts.models import Membership, User
from paktaleem.foundation.accounts.staff_services import invite_user
from paktaleem.foundation.accounts.staff_ties import StaffTie
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.accounts.officers import second_officer_user
from tests.signin.visiting import letters

REASON, CONFIRM = ["--reason", "onboarding"], ["--confirm", "break glass"]
OMAR = "Omar Lund <omar@paktaleem.example>"


def run(*words):
    out = StringIO()
    call_command("break_glass", *words, stdout=out)
    return out.getvalue()


def refusal(*words):
    with pytest.raises(CommandError) as refused:
        run(*words)
    assert "\n" not in str(refused.value)
    assert refused.value.returncode == 2
    return str(refused.value)


@pytest.fixture
def nobody(cast):
    with in_global():
        User.objects.filter(pk=cast.user_id("amina")).update(is_active=False)


def officers():
    with in_client(PAKTALEEM):
        found = Membership.objects.filter(role="privacy_officer", ends_at=None, user__is_active=True)
        return sorted(found.values_list("user__email", flat=True))


def test_the_first_officers_are_made_together_without_ties(nobody):
    run("add-officer", OMAR, "Nadia Khan <nadia@paktaleem.example>", *REASON, *CONFIRM)
    assert officers() == ["nadia@paktaleem.example", "omar@paktaleem.example"]
    with in_global():
        assert not StaffTie.objects.exists()
        assert not User.objects.get(email="omar@paktaleem.example").has_usable_password()
    assert sorted(letter.to[0] for letter in letters()) == officers()


def test_an_officer_cannot_be_made_twice(nobody):
    run("add-officer", OMAR, *REASON, *CONFIRM)
    assert "already has a role" in refusal("add-officer", OMAR, *REASON, *CONFIRM)


def test_a_second_officer_is_reported_and_tied_to_the_remaining_one(cast):
    run("add-officer", OMAR, *REASON, *CONFIRM)
    told = {letter.to[0]: letter for letter in letters()}
    assert set(told) == {"amina@paktaleem.example", "omar@paktaleem.example"}
    assert told["amina@paktaleem.example"].subject == "An officer was made or recovered from the host"
    with in_global():
        omar = User.objects.get(email="omar@paktaleem.example")
        assert {tie.maker for tie in StaffTie.objects.filter(user=omar)} == {cast.user_id("amina")}
    assert f"https://testserver/admin/accounts/user/{omar.pk}/change/" in told["amina@paktaleem.example"].body
    with in_client(PAKTALEEM):
        entry = Entry.objects.filter(kind="staff.break_glass_used").latest("recorded_at")
        assert entry.actor_kind == "system"
        facts = json.loads(entry.body)["facts"]
    left = [str(cast.user_id("amina"))]
    assert facts == {"act": "appoint", "officers_left": left, "reason": "onboarding", "user": str(omar.pk)}


def test_an_existing_account_becomes_an_officer_without_an_invitation(cast):
    said = run("add-officer", "Celia Mir <celia@khyber.example>", *REASON, *CONFIRM)
    assert "celia@khyber.example is a privacy officer" in said
    assert "sent to this address" not in said
    assert "celia@khyber.example" in officers()
    assert [letter.to[0] for letter in letters()] == ["amina@paktaleem.example"]


def test_an_account_without_a_password_is_invited_again(cast):
    with in_client(PAKTALEEM):
        invite_user("omar@paktaleem.example", full_name="Omar", actor=cast.actor("amina"), at=timezone.now())
    assert "sent to this address" in run("add-officer", OMAR, *REASON, *CONFIRM)
    assert [letter.to[0] for letter in letters()].count("omar@paktaleem.example") == 2


def test_with_one_officer_left_only_one_may_be_made_and_with_two_none(cast):
    assert "Officers left: 1" in refusal("add-officer", OMAR, "Z Y <z@y.example>", *REASON, *CONFIRM)
    second_officer_user()
    assert "Officers left: 2" in refusal("add-officer", OMAR, *REASON, *CONFIRM)
    with in_global():
        assert not User.objects.filter(email="omar@paktaleem.example").exists()


@pytest.mark.parametrize("what", ["password", "second-factor"])
def test_an_officer_is_recovered_if_one_other_is_left(cast, what):
    gul = second_officer_user()
    run("recover", gul.email, "--what", what, *REASON, *CONFIRM)
    assert {letter.to[0] for letter in letters()} == {"amina@paktaleem.example", gul.email}
    with in_global():
        ties = StaffTie.objects.filter(user=gul, open_until__isnull=False)
        assert {tie.maker for tie in ties} == {cast.user_id("amina")}
        assert User.objects.get(pk=gul.pk).has_usable_password() is (what == "second-factor")


def test_a_disabled_officer_is_enabled_if_no_other_is_left(nobody, cast):
    run("recover", "amina@paktaleem.example", "--what", "enable", *REASON, *CONFIRM)
    assert officers() == ["amina@paktaleem.example"]
    refused = refusal("recover", "amina@paktaleem.example", "--what", "enable", *REASON, *CONFIRM)
    assert "not disabled" in refused


@pytest.mark.parametrize("email", ["farah@indus.example", "nobody@paktaleem.example", "bilal@paktaleem.example"])
def test_only_officers_can_be_recovered(cast, email):
    assert "No privacy officer" in refusal("recover", email, "--what", "password", *REASON, *CONFIRM)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["add-officer", "omar@paktaleem.example", *REASON, *CONFIRM], "does not name an officer"),
        (["add-officer", "Omar <no address>", *REASON, *CONFIRM], "does not name an officer"),
        (["add-officer", OMAR, *REASON], "Nothing was done"),
        (["add-officer", OMAR, *REASON, "--confirm", "yes"], "Nothing was done"),
        (["add-officer", "O <omar@->", *REASON, *CONFIRM], "email"),
    ],
)
def test_bad_input_is_reported_in_one_line_with_status_2(cast, words, says):
    assert says in refusal(*words)
    assert officers() == ["amina@paktaleem.example"]
