"""One officer alone makes, re-enables and recovers no privileged staff, by any route of the console or the host."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from paktaleem.directory.staff.sign_in.enrolment import create_totp_secret, enrol_totp, has_second_factor
from paktaleem.foundation.accounts.models import Membership, User
from paktaleem.foundation.accounts.selectors import list_memberships
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import Cast
from tests.console.pages import row_url
from tests.signin.visiting import letters
from tests.signing_in import browser_of

FRESH = "a-wholly-new-pass-phrase"


@pytest.fixture
def amina(cast):
    return browser_of(cast.user("amina"))


def roles(cast, name):
    return {choice.role for choice in list_memberships(cast.user_id(name), at=timezone.now())}


def add_role(browser, cast, name, role, client=PAKTALEEM):
    given = {"client": str(client), "user": str(cast.user_id(name)), "role": role, "reason": "onboarding"}
    return browser.post("/admin/accounts/membership/add/", given, follow=True)


def test_one_officer_cannot_make_an_officer(amina, cast):
    add_role(amina, cast, "celia", "privacy_officer")
    assert roles(cast, "celia") == {"client_admin"}


def test_one_officer_cannot_make_a_client_administrator(amina, cast):
    add_role(amina, cast, "bilal", "client_admin", cast.client_id("indus"))
    assert roles(cast, "bilal") == {"auditor"}


def test_one_officer_cannot_widen_a_role(amina, cast):
    with in_client(PAKTALEEM):
        membership = Membership.objects.get(user_id=cast.user_id("bilal"))
    amina.post(row_url("accounts/membership", membership.pk), {"role": "privacy_officer", "reason": "review"})
    assert roles(cast, "bilal") == {"auditor"}


def test_one_officer_cannot_re_enable_an_administrator(amina, cast):
    page = row_url("accounts/user", cast.user_id("farah"))
    given = {"full_name": "Farah", "language": "en", "reason": "review"}
    amina.post(page, {**given, "leaves_without": "on"})
    assert not cast.user("farah").is_active
    amina.post(page, {**given, "is_active": "on"})
    assert not cast.user("farah").is_active


def test_one_officer_cannot_set_a_password(amina, cast):
    given = {"reason": "review", "password": FRESH, "again": FRESH}
    amina.post(row_url("accounts/user", cast.user_id("farah"), "password"), given)
    assert cast.user("farah").check_password("farah@indus.example")


def test_one_officer_cannot_reset_a_second_factor(amina, cast):
    with in_global():
        enrol_totp(cast.user("farah"), create_totp_secret())
    amina.post(row_url("accounts/user", cast.user_id("farah"), "second-factor"), {"reason": "review"})
    with in_global():
        assert has_second_factor(cast.user("farah"))


@pytest.mark.parametrize("command", [("createsuperuser",), ("changepassword", "farah@indus.example")])
def test_djangos_own_account_commands_are_refused(cast, command):
    with pytest.raises(CommandError, match="break_glass") as refused:
        call_command(*command)
    assert refused.value.returncode == 2
    assert "\n" not in str(refused.value)


def test_a_new_member_of_staff_is_invited_by_email(amina, cast):
    given = {"email": "new@indus.example", "full_name": "New Colleague", "language": "ur", "reason": "onboarding"}
    amina.post("/admin/accounts/user/add/", {**given, "is_active": "on"})
    with in_global():
        assert not User.objects.get(email="new@indus.example").has_usable_password()
    [letter] = letters()
    assert letter.to == ["new@indus.example"]
    assert letter.extra_headers["Content-Language"] == "ur"
    page = reverse("account_reset_password_from_key", kwargs={"uidb36": "1", "key": "1-1"}).partition("1-1")[0]
    assert page in letter.body


def test_the_page_that_approves_says_what_is_proposed_by_whom_and_why(rows: dict[str, Any], cast_of_rows: Cast) -> None:
    browser = browser_of(cast_of_rows.user("farah"))
    for act in ("approve", "decline"):
        page = browser.get(row_url("accounts/staffchange", rows["accounts/staffchange"], act))
        told = dict(page.context["facts"])
        assert told["Sees"] == "everyone"
        assert told["Proposed by"] == "PakTaleem", "no client learns which officer it was"
        assert told["Reason"] == "Set-up of a client or person"
        assert all(f"<dd>{value}</dd>" in page.content.decode() for value in told.values())
