"""Staff of a client sign in with their school’s account, and no provider signs in anyone else."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone

from paktaleem.directory.staff.sign_in.adapters import create_totp_secret, enrol_totp
from paktaleem.directory.staff.single_sign_on.models import Provider, ProviderSecret, SignOnLink
from paktaleem.directory.staff.single_sign_on.services import (
    change_access,
    decide_provider,
    end_provider,
    propose_provider,
    unlink_account,
)
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.middleware import as_received
from paktaleem.foundation.accounts.models import Membership, User
from paktaleem.foundation.accounts.staff_services import end_membership
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import as_officer, in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.accounts.officers import second_officer
from tests.cast import Cast
from tests.signin.visiting import VERIFY, Visitor
from tests.signing_in import browser_of
from tests.single_sign_on.making import wanted
from tests.single_sign_on.visiting import START, address_of, come_back, is_in, now_in_seconds, set_up, sign_on

API_KEYS = "/admin/accounts/apikey/add/"
CHOOSE = "/accounts/single-sign-on/"
AGAIN = "/accounts/single-sign-on/sign-in-again/"
REFUSED = "/accounts/login/"


def only_provider(cast: Cast, client: str = "indus") -> Provider:
    with in_client(cast.client_id(client)):
        return Provider.objects.get(state="approved", ended_at=None)


def act(cast: Cast, service: Any, row: Any, *, by: str = "farah", **more: Any) -> Any:
    with in_client(row.client_id):
        return service(row, actor=cast.actor(by), reason="review", at=timezone.now(), **more)


def list_workplaces(browser: Client) -> list[Any]:
    return [one.client_id for one in as_received(browser.get("/admin/").wsgi_request).memberships]


def kinds(client_id: Any) -> list[str]:
    with in_client(client_id):
        found = Entry.objects.filter(client_id=client_id, kind__startswith="single_sign_on.").order_by("id")
        return [kind.partition(".")[2] for kind in found.values_list("kind", flat=True)]


def test_a_member_signs_on_by_address_once_and_by_account_from_then_on(provider, cast):
    browser, answer = sign_on(provider)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert browser.get("/admin/", follow=True).redirect_chain[-1][0] == "/accounts/2fa/"  # no second factor yet
    provider.set_person("farah-1", email="renamed@elsewhere.example", email_verified=False, amr=["pwd", "mfa"])
    browser, answer = sign_on(provider, start=f"{START}?next=/admin/accounts/membership/")
    assert answer["Location"] == "/admin/accounts/membership/"
    assert is_in(browser)
    with in_client(cast.client_id("indus")):
        link = SignOnLink.objects.get()
        assert (link.user_id, link.subject) == (cast.user_id("farah"), "farah-1")
    assert kinds(cast.client_id("indus")) == ["proposed", "settled", "linked"]
    with in_client(PAKTALEEM):
        entry = Entry.objects.filter(kind="sign_in.succeeded").order_by("-id").first()
        assert entry is not None
        assert json.loads(entry.body)["facts"]["proofs"] == ["single_sign_on", "provider"]
    browser.post("/admin/logout/")
    assert not is_in(browser)


@pytest.mark.parametrize(
    ("wish", "claims", "follows"),
    [
        ("honours", {"amr": ["pwd", "otp"]}, "/admin/"),
        ("honours", {"amr": ["hwk"]}, "/admin/"),
        ("honours", {"acr": "phr"}, "/admin/"),
        ("honours", {"amr": ["pwd", "sms"]}, VERIFY),
        ("honours", {"amr": "mfa"}, VERIFY),
        ("honours", {"acr": "1"}, VERIFY),
        ("honours", {}, VERIFY),
        ("its own", {"amr": ["mfa"]}, VERIFY),
    ],
)
def test_the_second_factor_of_the_provider_counts_if_the_client_wants_it(provider, cast, wish, claims, follows):
    set_up(cast, provider.issuer, timezone.now(), honours=wish == "honours")
    secret = create_totp_secret()
    with in_global():
        enrol_totp(cast.user("farah"), secret)
    provider.set_person("farah-1", email="farah@indus.example", email_verified=True, **claims)
    browser, answer = sign_on(provider)
    assert (answer["Location"], is_in(browser)) == (follows, follows == "/admin/")
    visitor = Visitor("farah@indus.example", secret=secret)
    visitor.browser = browser
    if follows == VERIFY:
        visitor.verify()
    assert visitor.is_in


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": None},
        {"email": None},
        {"email": "celia@khyber.example"},
        {"email": "amina@paktaleem.example"},
        {"email": "stranger@indus.example"},
        {"email": "farah@indus.example.evil.example"},
        {"email": "farah@sub.indus.example"},
    ],
    ids=str,
)
def test_an_address_that_is_not_of_a_member_signs_no_one_in(hostile, cast, claims):
    hostile.changes = claims
    browser, answer = sign_on(hostile)
    assert answer["Location"] == REFUSED
    assert "did not work" in browser.get("/admin/login/").text
    assert "_auth_user_id" not in browser.session
    assert not cast.has(SignOnLink)
    with in_global():
        assert not User.objects.filter(email="stranger@indus.example").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"other_key": True},
        {"kid": "unknown"},
        {"iss": "https://other.example"},
        {"aud": "another application"},
        {"aud": ["portal-at-indus", "another application"]},
        {"azp": "another application"},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"sub": None},
        {"sub": "s" * 256},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(hostile, changes):
    hostile.changes = changes
    browser, answer = sign_on(hostile)
    assert answer["Location"] == REFUSED
    assert "_auth_user_id" not in browser.session


def test_the_honest_token_of_the_same_provider_signs_in(hostile):
    hostile.changes = {"email_verified": None, "xms_edov": True, "amr": ["mfa"]}
    browser, answer = sign_on(hostile)
    assert answer["Location"] == "/admin/"
    assert is_in(browser)


def test_an_answer_counts_once_in_the_browser_that_asked_and_from_its_provider(hostile):
    browser = Client()
    back = hostile.authorize(address_of(browser))
    for forged in (back.replace("state=", "state=x"), f"{back}&iss=https://other.example"):
        assert come_back(Client(), forged)["Location"] == REFUSED
    assert come_back(Client(), back)["Location"] == REFUSED
    assert come_back(browser, back)["Location"] == "/admin/"
    assert come_back(browser, back)["Location"] == REFUSED
    cancelled = Client()
    back = hostile.authorize(address_of(cancelled)).replace("code=any", "error=access_denied")
    assert come_back(cancelled, back)["Location"] == REFUSED
    assert "You cancelled" in cancelled.get("/admin/login/").text


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://other.example"},
        {"jwks_uri": "http://169.254.169.254/keys"},
        {"token_endpoint": "https://10.0.0.1/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
    ids=str,
)
def test_a_configuration_of_another_issuer_or_with_internal_addresses_is_refused(hostile, metadata):
    hostile.metadata = metadata
    assert Client().get(START)["Location"] == REFUSED


def test_an_internal_provider_is_refused_when_proposed_and_when_asked(hostile, cast, now, settings):
    settings.SIGN_ON_ALLOWED = []
    assert Client().get(START)["Location"] == REFUSED
    for issuer in (hostile.issuer, "https://10.0.0.1/", "https://localhost/", "https://idp.example/?tenant=1"):
        with pytest.raises(ValidationError, match="issuer"):
            set_up(cast, issuer, now)


def test_a_provider_signs_in_no_one_of_another_client_and_no_officer(provider, cast):
    indus, khyber = cast.client_id("indus"), cast.client_id("khyber")
    set_up(cast, provider.issuer, timezone.now(), domains=["indus.example", "khyber.example", "paktaleem.example"])
    provider.set_person("amina-1", email="amina@paktaleem.example", email_verified=True, amr=["mfa"])
    assert sign_on(provider, "amina-1")[1]["Location"] == REFUSED
    provider.set_person("celia-1", email="celia@khyber.example", email_verified=True, amr=["mfa"])
    browser, _answer = sign_on(provider, "celia-1")
    assert is_in(browser)
    assert list_workplaces(browser) == [indus]
    session = browser.session
    session["membership"] = str(find_membership(cast, "celia", "khyber").pk)
    session.save()
    assert not is_in(browser)
    set_up(cast, provider.issuer, timezone.now(), client="khyber", domains=["indus.example"])
    assert sign_on(provider, "farah-1", "/accounts/single-sign-on/khyber/")[1]["Location"] == REFUSED
    with in_client(khyber):
        assert not SignOnLink.objects.exists()


def find_membership(cast: Cast, name: str, client: str) -> Membership:
    with in_client(cast.client_id(client)):
        return Membership.objects.get(user_id=cast.user_id(name), ends_at=None)


def test_the_same_address_under_another_account_is_refused_until_it_is_unlinked(provider, cast):
    sign_on(provider)
    provider.set_person("farah-2", email="farah@indus.example", email_verified=True, amr=["mfa"])
    browser, answer = sign_on(provider, "farah-2")
    assert (answer["Location"], is_in(browser)) == (REFUSED, False)
    provider.set_person("farah-1", email="farah@indus.example", email_verified=True, amr=["mfa"])
    before, _answer = sign_on(provider)
    assert is_in(before)
    link = cast.get(SignOnLink)
    act(cast, unlink_account, link, by="amina")
    assert not is_in(before)
    with pytest.raises(Refused, match="not linked any more"):
        act(cast, unlink_account, link, by="amina")
    assert is_in(sign_on(provider, "farah-2")[0])
    assert sign_on(provider, "farah-1")[1]["Location"] == REFUSED


def test_a_membership_or_a_provider_that_ends_ends_its_sessions(provider, cast):
    provider.set_person("farah-1", email="farah@indus.example", email_verified=True, amr=["mfa"])
    browser, _answer = sign_on(provider)
    assert is_in(browser)
    act(cast, end_provider, only_provider(cast), by="amina")
    assert not is_in(browser)
    assert Client().get(START).status_code == 404
    set_up(cast, provider.issuer, timezone.now())
    browser, _answer = sign_on(provider)
    assert is_in(browser)
    act(cast, end_membership, find_membership(cast, "farah", "indus"), by="amina")
    assert not is_in(browser)
    assert sign_on(provider)[1]["Location"] == REFUSED


def test_where_single_sign_on_is_required_passwords_give_no_access(provider, cast):
    found = only_provider(cast)
    with pytest.raises(ValidationError, match="No administrator has signed in"):
        act(cast, change_access, found, is_required=True)
    provider.set_person("farah-1", email="farah@indus.example", email_verified=True, amr=["mfa"])
    by_account, _answer = sign_on(provider)
    by_password, celia = browser_of(cast.user("farah")), browser_of(cast.user("celia"))
    assert is_in(by_password)
    act(cast, change_access, found, is_required=True)
    assert (is_in(by_password), is_in(by_account)) == (False, True)
    assert list_workplaces(celia) == [cast.client_id("khyber")]
    answers = Visitor("farah@indus.example", "wrong").enter(), Visitor("farah@indus.example").enter()
    wrong, right = ((one.status_code, [*one.context["form"].non_field_errors()]) for one in answers)
    assert wrong == right
    assert Visitor("celia@khyber.example").enter().status_code == 302
    set_up(cast, provider.issuer, timezone.now())  # a new proposal lets no password in
    assert Visitor("farah@indus.example").enter().status_code == 200
    act(cast, change_access, only_provider(cast), by="amina", is_required=False)
    assert Visitor("farah@indus.example").enter().status_code == 302
    assert kinds(cast.client_id("indus"))[-1] == "passwords_allowed"


def test_dangerous_acts_need_a_recent_sign_in_at_the_provider(hostile, cast):
    hostile.changes = {"amr": ["mfa"], "auth_time": now_in_seconds() - 3600}
    browser, _answer = sign_on(hostile)
    assert is_in(browser)
    answer = browser.get(API_KEYS)
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, AGAIN)
    by_password = browser.post("/accounts/reauthenticate/", {"password": "farah@indus.example"})
    assert by_password["Location"] == AGAIN
    assert browser.get(API_KEYS).status_code == 302
    page = browser.get(answer["Location"])
    address = address_of(browser, page["Location"])
    assert "prompt=login" in address
    assert "max_age=0" in address
    assert come_back(browser, hostile.authorize(address))["Location"] == REFUSED  # it did not ask again
    for auth_time in (None, now_in_seconds() + 3600):
        hostile.changes["auth_time"] = auth_time
        other, _answer = sign_on(hostile)
        assert is_in(other)
        assert other.get(API_KEYS).status_code == 302
        address = address_of(other, f"{START}?again=1&next={API_KEYS}")
        assert come_back(other, hostile.authorize(address))["Location"] == REFUSED
    hostile.changes["auth_time"] = now_in_seconds()
    address = address_of(browser, f"{START}?again=1&next={API_KEYS}")
    assert come_back(browser, hostile.authorize(address))["Location"] == API_KEYS
    assert browser.get(API_KEYS).status_code == 200


def test_a_provider_cannot_change_the_second_factor_of_an_account(provider, cast):
    secret = create_totp_secret()
    with in_global():
        enrol_totp(cast.user("farah"), secret)
    provider.set_person("farah-1", email="farah@indus.example", email_verified=True, amr=["mfa"])
    browser, _answer = sign_on(provider)
    pages = ("totp/deactivate/", "webauthn/add/", "recovery-codes/generate/")
    for page in pages:
        answer = browser.get(f"/accounts/2fa/{page}")
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/accounts/2fa/reauthenticate/")
    code = Visitor("farah@indus.example", secret=secret).code()
    browser.post("/accounts/2fa/reauthenticate/", {"code": code})
    assert browser.get("/accounts/2fa/webauthn/add/").status_code == 200


def test_two_people_set_a_provider_and_the_second_is_an_officer(colleagues, cast, now):
    indus, gul = cast.client_id("indus"), second_officer()
    stamp: dict[str, Any] = {"reason": "onboarding", "at": now}
    with in_client(indus):
        with pytest.raises(NotAllowed):
            propose_provider(wanted(indus), "secret", actor=cast.actor("celia"), **stamp)
        made = propose_provider(wanted(indus), "secret", actor=cast.actor("amina"), **stamp)
        with pytest.raises(ValidationError, match="waits for an officer"):
            propose_provider(wanted(indus), "secret", actor=cast.actor("farah"), **stamp)
        with pytest.raises(NotAllowed):
            decide_provider(made, approve=True, actor=cast.actor("farah"), **stamp)
        with pytest.raises(Refused, match="not in force"):
            end_provider(made, actor=cast.actor("farah"), **stamp)
        decide_provider(made, approve=True, actor=gul, **stamp)
        assert b"secret" not in bytes(ProviderSecret.objects.get().wrapped)
        assert made.history.count() == 2
        kept = propose_provider(wanted(indus), "", actor=cast.actor("farah"), **stamp)
        decide_provider(kept, approve=False, actor=gul, **stamp)
        for changed in ({"issuer": "https://evil.example"}, {"application_id": "other"}):
            with pytest.raises(ValidationError, match="secret"):
                propose_provider(wanted(indus, **changed), "", actor=gul, **stamp)
        for domains in ([], ["indus"], ["*.example"], ["farah@indus.example"], [f"d{n}.example" for n in range(21)]):
            with pytest.raises(ValidationError, match="domains"):
                propose_provider(wanted(indus, domains=domains), "secret", actor=gul, **stamp)
    assert not cast.has(Provider, "khyber")
    assert not cast.has(ProviderSecret, "khyber")
    with as_officer(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM staff_provider")
        assert cursor.fetchone() == (2,)


def test_the_sign_in_page_leads_to_the_institution_by_domain_only(provider, cast):
    answers = [Client().post(CHOOSE, {"email": f"{name}@INDUS.example"}) for name in ("farah", "no-one")]
    assert {answer["Location"] for answer in answers} == {START}
    unknown = Client().post(CHOOSE, {"email": "amina@paktaleem.example"})
    assert (unknown.status_code, "paktaleem.example" in unknown.text) == (200, True)
    set_up(cast, provider.issuer, timezone.now() + timedelta(0), client="khyber", domains=["indus.example"])
    several = Client().post(f"{CHOOSE}?next=/admin/accounts/membership/", {"email": "farah@indus.example"})
    assert several.context["links"] == [
        (name, f"/accounts/single-sign-on/{code}/?next=%2Fadmin%2Faccounts%2Fmembership%2F")
        for name, code in (("Indus Schools Network", "indus"), ("Khyber Institute", "khyber"))
    ]
    for code in ("paktaleem", "unknown", "sign-in-again/callback"):
        assert Client().get(f"/accounts/single-sign-on/{code}/").status_code == 404
    assert Client().get(AGAIN)["Location"] == REFUSED
