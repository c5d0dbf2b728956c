"""Single sign-on at a provider that others wrote: the certified npm package oidc-provider, on this computer.

Run by ``make test-deep`` only, and skipped without node and npm: it fetches the package. ``make test`` uses the mock
provider of ``providing``, which runs everywhere.
"""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from paktaleem.directory.staff.sign_in.adapters import create_totp_secret, enrol_totp
from paktaleem.directory.staff.single_sign_on.exchange import get_return_address
from paktaleem.directory.staff.single_sign_on.models import SignOnLink
from paktaleem.foundation.tenancy.context import in_client, in_global
from tests.cast import Cast
from tests.signin.visiting import VERIFY
from tests.single_sign_on.providing import NODE, NPM, SECRET, CertifiedProvider, Person, certified_provider
from tests.single_sign_on.visiting import START, address_of, come_back, is_in, now_in_seconds, set_up

API_KEYS = "/admin/accounts/apikey/add/"
AGAIN = "/accounts/single-sign-on/sign-in-again/"
KHYBER = "/accounts/single-sign-on/khyber/"
REFUSED = "/accounts/login/"
FARAH: dict[str, Any] = {"email": "farah@indus.example", "email_verified": True}
WITH_CODE = {"amr": ["pwd", "otp"]}
REGISTRATIONS: dict[str, dict[str, str]] = {
    "by-default": {},
    "secret-in-body": {"token_endpoint_auth_method": "client_secret_post"},
    "PS256": {"id_token_signed_response_alg": "PS256"},
    "ES256": {"id_token_signed_response_alg": "ES256"},
    "EdDSA": {"id_token_signed_response_alg": "EdDSA"},
}
"""How the portal may be registered at the provider (OpenID Connect Dynamic Client Registration 1.0 §2)."""

pytestmark = pytest.mark.skipif(not (NODE and NPM), reason="node and npm are not installed")


@pytest.fixture(scope="module")
def certified(tmp_path_factory):
    tenants: dict[str, Any] = {
        name: {"clients": list_registrations(name), "settings": {}} for name in ("indus", "khyber")
    }
    settings: dict[str, Any] = {"conformIdTokenClaims": False, "clientAuthMethods": ["client_secret_basic"]}
    tenants["in-token"] = {"clients": list_registrations("indus")[:1], "settings": settings}
    with certified_provider(tmp_path_factory.mktemp("certified"), tenants) as provider:
        yield provider


def list_registrations(code: str) -> list[dict[str, Any]]:
    own = {"client_secret": SECRET, "redirect_uris": [get_return_address(code)]}
    return [{"client_id": name, **own, **more} for name, more in REGISTRATIONS.items()]


@pytest.fixture
def provider(certified, colleagues, cast, now, settings):
    """The provider, which vouches for Indus’s staff, and where Farah has an account."""
    settings.SIGN_ON_ALLOWED = [certified.host]
    certified.set_person("farah-1", login=WITH_CODE, **FARAH)
    use(cast, certified, now)
    yield certified
    cache.clear()


def use(cast: Cast, provider: CertifiedProvider, at: datetime, *, tenant: str = "indus", **changes: Any) -> None:
    given = {"application_id": "by-default", "secret": SECRET, **changes}
    set_up(cast, provider.issuer(tenant), at, **given)


def sign_on(person: Person, start: str = START) -> tuple[Client, Any]:
    browser = Client()
    return browser, come_back(browser, person.authorize(address_of(browser, start)))


@pytest.mark.parametrize("registration", REGISTRATIONS)
def test_a_member_signs_on_however_the_portal_is_registered(provider, cast, registration):
    use(cast, provider, timezone.now(), application_id=registration)
    browser, answer = sign_on(Person(provider))
    assert (answer["Location"], is_in(browser)) == ("/admin/", True)
    with in_client(cast.client_id("indus")):
        link = SignOnLink.objects.get()
        assert (link.user_id, link.issuer, link.subject) == (cast.user_id("farah"), provider.issuer(), "farah-1")


def test_a_provider_may_state_the_address_in_its_token_and_take_the_secret_in_a_header_only(provider, cast):
    use(cast, provider, timezone.now(), tenant="in-token")
    assert sign_on(Person(provider))[1]["Location"] == "/admin/"


def test_the_provider_demands_pkce_and_the_code_needs_this_browsers_verifier(provider):
    browser, person = Client(), Person(provider)
    address = address_of(browser)
    asked = parse_qs(urlsplit(address).query)
    assert (asked["code_challenge_method"], asked["response_type"]) == (["S256"], ["code"])
    without = address.replace("code_challenge", "ignored")
    assert "error=invalid_request" in Person(provider).authorize(without)
    other = address.replace(asked["code_challenge"][0], "x" * 43)
    assert come_back(browser, person.authorize(other))["Location"] == REFUSED
    assert "_auth_user_id" not in browser.session


def test_a_code_counts_once_in_the_browser_that_asked(provider):
    browser = Client()
    back = Person(provider).authorize(address_of(browser))
    assert come_back(Client(), back)["Location"] == REFUSED
    assert come_back(browser, back)["Location"] == "/admin/"
    assert come_back(browser, back)["Location"] == REFUSED
    again = Client()
    renewed = Person(provider).authorize(address_of(again))
    [used], [fresh] = (parse_qs(urlsplit(one).query)["code"] for one in (back, renewed))
    assert come_back(again, renewed.replace(fresh, used))["Location"] == REFUSED


@pytest.mark.parametrize(
    ("login", "follows"),
    [
        ({"amr": ["pwd", "otp"]}, "/admin/"),
        ({"amr": ["hwk"]}, "/admin/"),
        ({"acr": "phr"}, "/admin/"),
        ({"amr": ["pwd"]}, VERIFY),
        ({"amr": ["pwd", "sms"], "acr": "1"}, VERIFY),
        ({}, VERIFY),
    ],
    ids=str,
)
def test_the_second_factor_of_the_provider_is_honoured(provider, cast, login, follows):
    with in_global():
        enrol_totp(cast.user("farah"), create_totp_secret())
    provider.set_person("farah-1", login=login, **FARAH)
    browser, answer = sign_on(Person(provider))
    assert (answer["Location"], is_in(browser)) == (follows, follows == "/admin/")


@pytest.mark.parametrize(
    "claims",
    [
        {**FARAH, "email_verified": False},
        {"email": "farah@indus.example"},
        {"email_verified": True},
        {"email": "celia@khyber.example", "email_verified": True},
        {"email": "amina@paktaleem.example", "email_verified": True},
        {"email": "stranger@indus.example", "email_verified": True},
    ],
    ids=str,
)
def test_an_address_that_is_not_verified_or_not_of_a_member_signs_no_one_in(provider, cast, claims):
    provider.set_person("farah-1", login=WITH_CODE, **claims)
    browser, answer = sign_on(Person(provider))
    assert (answer["Location"], "_auth_user_id" in browser.session) == (REFUSED, False)
    assert not cast.has(SignOnLink)


def test_a_linked_account_signs_in_without_an_address(provider):
    assert sign_on(Person(provider))[1]["Location"] == "/admin/"
    provider.set_person("farah-1", login=WITH_CODE)
    assert sign_on(Person(provider))[1]["Location"] == "/admin/"


def test_the_account_of_another_tenant_signs_no_one_in(provider, cast):
    use(cast, provider, timezone.now(), tenant="khyber", client="khyber")
    assert sign_on(Person(provider))[1]["Location"] == "/admin/"
    assert sign_on(Person(provider), KHYBER)[1]["Location"] == REFUSED
    back = Person(provider).authorize(address_of(khyber := Client(), KHYBER))
    assert come_back(khyber, back.replace("/khyber/", "/indus/"))["Location"] == REFUSED
    indus = Client()
    mixed = Person(provider).authorize(address_of(indus))
    for wrong in (provider.issuer("khyber"), "https://other.example"):
        changed = mixed.replace(f"iss={quote(provider.issuer(), safe='')}", f"iss={wrong}")
        assert changed != mixed
        assert come_back(indus, changed)["Location"] == REFUSED
    provider.set_person("farah-1", login=WITH_CODE, email="celia@khyber.example", email_verified=True)
    browser, answer = sign_on(Person(provider), KHYBER)
    assert answer["Location"] == "/admin/"
    assert browser.session["_auth_user_id"] == str(cast.user_id("celia"))


def test_who_cancels_at_the_provider_comes_back_without_a_session(provider):
    browser, answer = sign_on(Person(provider, subject=""))
    assert (answer["Location"], "_auth_user_id" in browser.session) == (REFUSED, False)
    assert "You cancelled" in browser.get("/admin/login/").text


def test_dangerous_acts_need_a_new_sign_in_at_the_provider_whose_session_goes_on(provider):
    person = Person(provider)
    browser, _answer = sign_on(person)
    assert person.asked == [["no_session"]]
    browser.post("/admin/logout/")
    assert not is_in(browser)
    browser, _answer = sign_on(person)
    assert is_in(browser)
    assert len(person.asked) == 1, "the provider’s session goes on, and it asks for nothing"
    dangerous = browser.get(API_KEYS)
    assert (dangerous.status_code, dangerous["Location"].partition("?")[0]) == (302, AGAIN)
    start = browser.get(dangerous["Location"])["Location"]
    provider.set_person("farah-1", login={**WITH_CODE, "ts": now_in_seconds() - 3600}, **FARAH)
    assert come_back(browser, person.authorize(address_of(browser, start)))["Location"] == REFUSED
    provider.set_person("farah-1", login=WITH_CODE, **FARAH)
    answer = come_back(browser, person.authorize(address_of(browser, start)))
    assert person.asked[1:] == [["login_prompt"]] * 2, "it asks although the session goes on"
    assert (answer["Location"], browser.get(API_KEYS).status_code) == (API_KEYS, 200)
