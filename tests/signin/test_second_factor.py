"""The second factor: required, enrolled, single-use, impossible to bypass, kept when wrapping keys change."""

import json
import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from paktaleem.foundation.accounts.models import ApiKey
from paktaleem.foundation.accounts.roles import SENSITIVE, Capability
from paktaleem.foundation.accounts.sessions import REAUTHENTICATION_AGE, is_recent
from paktaleem.foundation.console.site import site
from paktaleem.foundation.encryption.keyring import with_new_epoch, without_epoch
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.accounts.officers import approve, second_officer
from tests.console.pages import MODELS, admin_of, refused_by_policy
from tests.project.offenders import refuse_any
from tests.signin.visiting import ENROL, FACTORS, FORGOTTEN, SIGN_IN, STEP_UP, VERIFY, Visitor, enrolled, letters
from tests.signing_in import browser_of, prove

OPEN_TO_A_PASSWORD = {"/admin/login/", "/admin/logout/"}
PAGES_OF_FACTORS = ("webauthn", "webauthn/add", "recovery-codes/generate")


def console_addresses() -> list[str]:
    found = []
    for pattern in site.urls[0]:
        for one in getattr(pattern, "url_patterns", [pattern]):
            route = str(getattr(pattern, "pattern", "")) if hasattr(pattern, "url_patterns") else ""
            address = f"/admin/{route}{one.pattern}"
            address = re.sub(r"<[^>]+>|\(\?P<[^>]+>[^)]*\)", "0190b9f4-0000-7000-8000-000000000000", address)
            found.append(address.replace("^", "").replace("$", ""))
    return found


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
        if not browser.session.get("_auth_user_id"):
            browser = browser_of(cast.user("amina"), proofs=("password",))
    assert reached == []


def test_with_both_factors_the_same_crawl_opens_pages(cast):
    browser = browser_of(cast.user("amina"))
    addresses = console_addresses()
    assert len(addresses) > 3 * len(MODELS)
    assert sum(browser.get(address).status_code == 200 for address in addresses) >= len(MODELS)


def test_new_staff_must_enrol_a_factor_before_the_console(amina):
    assert amina.enter()["Location"] == "/admin/"
    assert amina.browser.get("/admin/", follow=True).redirect_chain[-1][0] == FACTORS
    assert not amina.is_in
    answer = amina.enrol()
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/recovery-codes/")
    assert amina.browser.get("/accounts/2fa/recovery-codes/").status_code == 200
    assert amina.is_in


def test_enrolled_staff_must_enter_a_code_after_the_password(enrolled_amina):
    assert enrolled_amina.verify().status_code == 302
    assert not enrolled_amina.is_in
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


@pytest.mark.parametrize("address", [FACTORS, ENROL, *(f"/accounts/2fa/{page}/" for page in PAGES_OF_FACTORS)])
def test_pages_follow_the_content_security_policy(amina, address):
    amina.enter()
    page = amina.browser.get(address)
    assert page.status_code == 200
    assert refused_by_policy(page.content.decode()) == []
    assert "nonce=&quot;" not in page.content.decode()


def test_one_of_fifty_simultaneous_uses_of_a_code_succeeds(committed, settings):
    settings.ACCOUNT_RATE_LIMITS = False  # it would reject the sixth request; the used code must reject the second
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
    assert "give the ground in words" in officer.post(url, {"reason": "review"}).content.decode()
    assert officer.post(url, {"reason": "review", "ground": "She lost her phone."}).status_code == 302
    approve(PAKTALEEM, timezone.now())
    assert farah.enter()["Location"] == "/admin/"
    assert not farah.is_in
    with in_client(PAKTALEEM):
        entry = admin_of("audit/entry").model._default_manager.filter(kind="user.second_factor_reset").get()
    assert entry.actor_id == second_officer().id


def kept() -> set[str]:
    with in_global():
        return {str(one.data.get("secret", one.data.get("seed"))) for one in Authenticator.objects.all()}


def test_re_encrypted_secrets_work_without_the_old_key(enrolled_amina, settings, capsys):
    settings.KEYRING = with_new_epoch(settings.KEYRING)
    call_command("reseal_second_factors")
    assert capsys.readouterr().out == "1 second factors re-encrypted.\n"
    assert all(secret.startswith("2.") for secret in kept())
    settings.KEYRING = without_epoch(settings.KEYRING, 1)
    enrolled_amina.enter()
    assert enrolled_amina.verify().status_code == 302
    assert enrolled_amina.is_in


def test_without_its_key_a_secret_is_reported_and_no_code_works(enrolled_amina, settings):
    settings.KEYRING = without_epoch(with_new_epoch(settings.KEYRING), 1)
    enrolled_amina.enter()
    assert enrolled_amina.verify().status_code == 200
    assert not enrolled_amina.is_in
    with pytest.raises(CommandError, match="1 second factors cannot be decrypted"):
        call_command("reseal_second_factors")


def test_a_session_encrypted_under_a_removed_key_ends(cast, enrolled_amina, settings):
    enrolled_amina.enter()
    enrolled_amina.verify()
    assert enrolled_amina.is_in
    settings.KEYRING = json.dumps(json.loads(without_epoch(with_new_epoch(settings.KEYRING), 1)))
    assert not enrolled_amina.is_in


AT = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
STALE = REAUTHENTICATION_AGE.total_seconds() + 1


def name_of(admin: Any) -> str:
    return f"{admin.opts.app_label}/{admin.opts.model_name}"


ADMINS: dict[str, Any] = {name_of(admin): admin for admin in site._registry.values()}
ACTS = {f"{name}/{act.slug}": act for name, admin in ADMINS.items() for act in admin.all_acts()}
SENSITIVE_ACTS = [name for name, act in ACTS.items() if act.is_sensitive]
OTHER_ACTS = [name for name, act in ACTS.items() if not act.is_sensitive]
ADDS = [name for name, admin in ADMINS.items() if admin.add_capability in SENSITIVE]
CHANGES = [name for name, admin in ADMINS.items() if admin.change_capability in SENSITIVE]


@pytest.fixture
def stale(cast):
    return browser_of(cast.user("amina"), seconds_ago=STALE)


@pytest.fixture
def stale_with_rows(cast_of_rows):
    return browser_of(cast_of_rows.user("amina"), seconds_ago=STALE)


def asks_for_a_proof(response: Any) -> bool:
    return bool(response.status_code == 302 and response["Location"].startswith(STEP_UP))


def test_sensitive_capabilities_include_the_expected_acts_and_forms():
    on_people = {Capability.ERASE_SUBJECTS, Capability.SIGN_BALANCING_TEST}
    assert {*on_people, Capability.ADMINISTER_CLIENT, Capability.MANAGE_STAFF} <= SENSITIVE
    needed = {"people/subject/erase", "accounts/apikey/revoke", "accounts/membership/end", "accounts/user/password"}
    assert needed <= set(SENSITIVE_ACTS)
    assert {"accounts/apikey", "accounts/membership", "accounts/user", "accounts/client"} <= set(ADDS)


@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        (timedelta(0), True),
        (timedelta(minutes=5) - timedelta(seconds=1), True),
        (timedelta(minutes=5), False),
        (timedelta(minutes=5) + timedelta(seconds=1), False),
    ],
)
def test_an_authentication_is_recent_for_five_minutes(age, fresh):
    assert is_recent([{"at": 0.0}, {"at": (AT - age).timestamp()}], at=AT) is fresh
    assert is_recent([], at=AT) is False


def test_each_sensitive_act_requires_reauthentication(stale_with_rows, rows, cast_of_rows):
    stale, amina = stale_with_rows, cast_of_rows.user("amina")
    acts = [(name, *name.rsplit("/", 1)) for name in SENSITIVE_ACTS]
    urls = {name: f"/admin/{model}/{rows[model]}/{slug}/" for name, model, slug in acts}
    asked = {name: (stale.get(url), stale.post(url, {"reason": "review"})) for name, url in urls.items()}
    refuse_any((name, not all(map(asks_for_a_proof, responses))) for name, responses in asked.items())
    prove(stale, amina)
    refuse_any((name, asks_for_a_proof(stale.get(url))) for name, url in urls.items())
    assert len(urls) > 20


def test_each_sensitive_add_form_requires_reauthentication(stale, cast):
    urls = [f"/admin/{name}/add/" for name in ADDS]
    refuse_any((url, not all(map(asks_for_a_proof, (stale.get(url), stale.post(url))))) for url in urls)
    prove(stale, cast.user("amina"))
    assert {url: stale.get(url).status_code for url in urls} == dict.fromkeys(urls, 200)


def test_each_sensitive_change_requires_reauthentication_and_viewing_does_not(stale_with_rows, rows):
    stale, urls = stale_with_rows, [f"/admin/{name}/{rows[name]}/change/" for name in CHANGES]
    assert {url: stale.get(url).status_code for url in urls} == dict.fromkeys(urls, 200)
    refuse_any((url, not asks_for_a_proof(stale.post(url))) for url in urls)


def test_other_acts_require_no_reauthentication(stale_with_rows, rows):
    acts = [(name, *name.rsplit("/", 1)) for name in OTHER_ACTS]
    urls = {name: f"/admin/{model}/{rows[model]}/{slug}/" for name, model, slug in acts if rows[model] is not None}
    refuse_any((name, asks_for_a_proof(stale_with_rows.get(url))) for name, url in urls.items())
    assert len(urls) > 60


def test_users_without_permission_are_refused_without_reauthentication(cast):
    auditor = browser_of(cast.user("bilal"), seconds_ago=STALE)
    assert auditor.get("/admin/accounts/apikey/add/").status_code == 403
    assert auditor.post(f"/admin/accounts/apikey/{cast.key_id('indus')}/revoke/").status_code == 403


def test_reauthentication_redirects_back_to_the_act(stale, cast):
    key = cast.key_id("indus")
    url = f"/admin/accounts/apikey/{key}/revoke/"
    there = stale.get(url)["Location"]
    assert stale.get(there).status_code == 200
    refused = stale.post(there, {"password": "wrong"})
    assert refused.status_code == 200
    assert asks_for_a_proof(stale.get(url))
    back = stale.post(there, {"password": cast.user("amina").email})
    assert (back.status_code, back["Location"]) == (302, url)
    assert stale.post(url, {"reason": "review"}).status_code == 302
    assert cast.get(ApiKey, pk=key).revoked_at is not None


def test_a_form_sent_too_late_changes_and_stores_nothing(stale, cast):
    subject = cast.subject_id("danish")
    url = f"/admin/people/subject/{subject}/erase/"
    answer = stale.post(url, {"reason": "review", "note": "about Danish"})
    assert asks_for_a_proof(answer)
    assert "about Danish" not in str(dict(stale.session.items()))
    assert "Nothing has been changed yet" in stale.get(answer["Location"]).content.decode()


def test_reauthentication_never_redirects_to_another_site(stale, cast):
    away = f"{STEP_UP}?next=https://elsewhere.example/"
    assert stale.post(away, {"password": cast.user("amina").email})["Location"] == "/admin/"


def test_reauthentication_can_be_switched_off(stale, settings):
    settings.STEP_UP = False
    assert stale.get("/admin/accounts/apikey/add/").status_code == 200
