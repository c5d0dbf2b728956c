"""The second factor: required, enrolled, single-use, impossible to bypass, kept when wrapping keys change."""

import json
import re
import threading
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from paktaleem.foundation.console.site import site
from paktaleem.foundation.encryption.keyring import with_new_epoch, without_epoch
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.accounts.officers import approve, second_officer
from tests.cast import Cast
from tests.console.pages import MODELS, admin_of, refused_by_policy
from tests.signin.visiting import ENROL, FACTORS, FORGOTTEN, SIGN_IN, VERIFY, Visitor, enrolled, letters
from tests.signing_in import browser_of

OPEN_TO_A_PASSWORD = {"/admin/login/", "/admin/logout/"}


def console_addresses() -> list[str]:
    """Return every URL of the console, with some id if it needs one."""
    found = []
    for pattern in site.urls[0]:
        for one in getattr(pattern, "url_patterns", [pattern]):
            route = str(getattr(pattern, "pattern", "")) if hasattr(pattern, "url_patterns") else ""
            address = f"/admin/{route}{one.pattern}"
            address = re.sub(r"<[^>]+>|\(\?P<[^>]+>[^)]*\)", "0190b9f4-0000-7000-8000-000000000000", address)
            found.append(address.replace("^", "").replace("$", ""))
    return found


def test_the_crawl_finds_the_consoles_addresses():
    assert len(console_addresses()) > 3 * len(MODELS)


@pytest.mark.parametrize("method", ["get", "post"])
def test_with_only_a_password_no_page_of_the_console_opens(cast, method):
    browser = browser_of(cast.user("amina"), proofs=("password",))
    reached = []
    for address in console_addresses():
        response = getattr(browser, method)(address)
        if address in OPEN_TO_A_PASSWORD:
            continue
        if response.status_code not in {302, 404} or response.get("Location", SIGN_IN).split("?")[0] != SIGN_IN:
            reached.append((address, response.status_code, response.get("Location")))
        browser = (
            browser if browser.session.get("_auth_user_id") else browser_of(cast.user("amina"), proofs=("password",))
        )
    assert reached == []


def test_with_both_factors_the_same_crawl_opens_pages(cast):
    """The control: the URLs of the crawl above exist."""
    browser = browser_of(cast.user("amina"))
    opened = [address for address in console_addresses() if browser.get(address).status_code == 200]
    assert len(opened) >= len(MODELS)


def test_new_staff_must_enrol_a_factor_before_the_console(amina):
    assert amina.enter()["Location"] == "/admin/"
    assert amina.browser.get("/admin/", follow=True).redirect_chain[-1][0] == FACTORS
    assert not amina.is_in
    answer = amina.enrol()
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/recovery-codes/")
    assert amina.browser.get("/accounts/2fa/recovery-codes/").status_code == 200
    assert amina.is_in


def test_enrolled_staff_must_enter_a_code(enrolled_amina):
    assert enrolled_amina.enter()["Location"] == VERIFY
    assert not enrolled_amina.is_in
    assert enrolled_amina.verify("000000").status_code == 200
    assert not enrolled_amina.is_in
    assert enrolled_amina.verify()["Location"] == "/admin/"
    assert enrolled_amina.is_in


def test_a_stolen_password_cannot_enrol_another_factor(enrolled_amina):
    enrolled_amina.enter()
    for address in (ENROL, FACTORS, "/accounts/2fa/webauthn/add/", "/accounts/2fa/recovery-codes/"):
        assert enrolled_amina.browser.get(address)["Location"].startswith((SIGN_IN, "/accounts/login/"))
    assert "_auth_user_id" not in enrolled_amina.browser.session


def test_a_code_without_the_password_does_not_sign_in(enrolled_amina):
    assert enrolled_amina.verify().status_code == 302
    assert not enrolled_amina.is_in


def test_a_code_cannot_be_used_twice(enrolled_amina):
    code = enrolled_amina.code()
    enrolled_amina.enter()
    enrolled_amina.verify(code)
    again = Visitor(enrolled_amina.email, secret=enrolled_amina.secret)
    again.enter()
    assert again.verify(code).status_code == 200
    assert not again.is_in


def test_a_recovery_code_works_once(amina, cast):
    amina.enter()
    amina.enrol()
    page = amina.browser.get("/accounts/2fa/recovery-codes/")
    code = page.context["unused_codes"][0]
    for expected in (True, False):
        other = Visitor(amina.email)
        other.enter()
        other.verify(code)
        assert other.is_in is expected


def test_five_wrong_codes_lock_the_second_factor(enrolled_amina):
    enrolled_amina.enter()
    for _ in range(5):
        enrolled_amina.verify("000000")
    assert "Too many" in enrolled_amina.verify().content.decode()
    assert not enrolled_amina.is_in


def test_the_last_factor_cannot_be_removed(enrolled_amina):
    enrolled_amina.enter()
    enrolled_amina.verify()
    enrolled_amina.browser.post("/accounts/2fa/totp/deactivate/")
    with in_global():
        assert Authenticator.objects.filter(type="totp").count() == 1


def test_a_reset_password_still_requires_the_second_factor(enrolled_amina, settings):
    enrolled_amina.browser.post(FORGOTTEN, {"email": enrolled_amina.email})
    [letter] = letters()
    link = re.search(r"https://testserver(\S+)", str(letter.body))
    assert link
    page = enrolled_amina.browser.get(link[1], follow=True)
    fresh = "a-wholly-new-pass-phrase"
    answer = enrolled_amina.browser.post(page.redirect_chain[-1][0], {"password1": fresh, "password2": fresh})
    assert answer["Location"] == "/accounts/login/"
    assert not enrolled_amina.is_in
    assert enrolled_amina.enter(fresh)["Location"] == VERIFY
    assert not enrolled_amina.is_in
    assert enrolled_amina.verify()["Location"] == "/admin/"
    assert "is no longer valid" in Client().get(link[1]).content.decode()


def test_if_not_required_an_enrolled_factor_is_not_asked_for(enrolled_amina, settings):
    settings.DEMAND_SECOND_FACTOR = False
    assert enrolled_amina.enter()["Location"] == "/admin/"
    assert enrolled_amina.is_in


def test_secrets_are_encrypted_in_the_database(amina):
    amina.enter()
    amina.enrol()
    with in_global():
        kept = {one.type: one.data for one in Authenticator.objects.all()}
    assert amina.secret not in str(kept)
    assert kept["totp"]["secret"].startswith("1.")
    assert kept["recovery_codes"]["seed"].startswith("1.")
    amina.browser.post("/admin/logout/")
    amina.enter()
    assert amina.verify(amina.code()).status_code == 200  # used for enrolment


def test_sign_up_and_email_pages_do_not_exist(cast):
    names = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    assert not names & {"account_signup", "account_email", "account_confirm_email", "account_set_password"}
    for address in ("signup/", "email/", "confirm-email/", "password/set/", "password/change/"):
        assert Client().get(f"/accounts/{address}").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        FACTORS,
        ENROL,
        "/accounts/2fa/webauthn/",
        "/accounts/2fa/webauthn/add/",
        "/accounts/2fa/recovery-codes/generate/",
    ],
)
def test_pages_follow_the_content_security_policy(amina, address):
    amina.enter()
    page = amina.browser.get(address)
    assert page.status_code == 200
    assert refused_by_policy(page.content.decode()) == []
    assert "nonce=&quot;" not in page.content.decode()


def test_one_of_fifty_simultaneous_uses_of_a_code_succeeds(committed: Cast, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = (
        False  # the rate limit would reject the sixth request; the used code must reject the second
    )
    user = committed.user("amina")
    first = enrolled(user)
    visitors = [first, *(Visitor(user.email, secret=first.secret) for _ in range(49))]
    for one in visitors:
        assert one.enter()["Location"] == VERIFY
    code, answers = first.code(), []

    def send(one: Visitor) -> None:
        try:
            answers.append(one.verify(code).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send, args=(one,)) for one in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * 49 + [302]
    assert sum(one.is_in for one in visitors) == 1


def test_two_officers_reset_a_lost_second_factor(cast):
    officer = browser_of(cast.user("amina"))
    farah = enrolled(cast.user("farah"))
    url = f"/admin/accounts/user/{cast.user_id('farah')}/second-factor/"
    assert officer.post(url, {"reason": "review"}).status_code == 302
    approve(PAKTALEEM, timezone.now())
    assert farah.enter()["Location"] == "/admin/"
    assert not farah.is_in
    with in_client(PAKTALEEM):
        entry = admin_of("audit/entry").model._default_manager.filter(kind="user.second_factor_reset").get()
    assert entry.actor_id == second_officer().id


def kept() -> set[str]:
    with in_global():
        return {str(one.data.get("secret", one.data.get("seed"))) for one in Authenticator.objects.all()}


def test_re_encrypted_secrets_work_without_the_old_key(enrolled_amina: Visitor, settings, capsys):
    settings.KEYRING = with_new_epoch(settings.KEYRING)
    call_command("reseal_second_factors")
    assert capsys.readouterr().out == "1 second factors re-encrypted.\n"
    assert all(secret.startswith("2.") for secret in kept())
    settings.KEYRING = without_epoch(settings.KEYRING, 1)
    enrolled_amina.enter()
    assert enrolled_amina.verify().status_code == 302
    assert enrolled_amina.is_in


def test_without_its_key_a_secret_is_reported_and_no_code_works(enrolled_amina: Visitor, settings):
    settings.KEYRING = without_epoch(with_new_epoch(settings.KEYRING), 1)
    enrolled_amina.enter()
    assert enrolled_amina.verify().status_code == 200
    assert not enrolled_amina.is_in
    with pytest.raises(CommandError, match="1 second factors cannot be decrypted"):
        call_command("reseal_second_factors")


def test_a_session_encrypted_under_a_removed_key_ends(cast: Cast, enrolled_amina: Visitor, settings):
    enrolled_amina.enter()
    enrolled_amina.verify()
    assert enrolled_amina.is_in
    settings.KEYRING = json.dumps(json.loads(without_epoch(with_new_epoch(settings.KEYRING), 1)))
    assert not enrolled_amina.is_in
