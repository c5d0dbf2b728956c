"""Sensitive actions and forms need an authentication of the last five minutes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from paktaleem.foundation.accounts.models import ApiKey
from paktaleem.foundation.accounts.roles import SENSITIVE, Capability
from paktaleem.foundation.accounts.sessions import REAUTHENTICATION_AGE, is_recent
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.project.offenders import refuse_any
from tests.signin.visiting import STEP_UP
from tests.signing_in import browser_of, prove

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
def stale(cast: Cast) -> Client:
    """A privacy officer whose last authentication is five minutes and one second old."""
    return browser_of(cast.user("amina"), seconds_ago=STALE)


@pytest.fixture
def stale_with_rows(cast_of_rows: Cast) -> Client:
    """The same officer, in a database with a row of Indus for every model."""
    return browser_of(cast_of_rows.user("amina"), seconds_ago=STALE)


def asks_for_a_proof(response: Any) -> bool:
    return bool(response.status_code == 302 and response["Location"].startswith(STEP_UP))


def test_sensitive_capabilities_include_the_expected_acts_and_forms():
    assert {
        Capability.ERASE_SUBJECTS,
        Capability.MANAGE_API_KEYS,
        Capability.MANAGE_STAFF,
        Capability.SIGN_BALANCING_TEST,
    } <= SENSITIVE
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
    urls = {name: row_url_of(name, rows) for name in SENSITIVE_ACTS}
    asked = {name: (stale.get(url), stale.post(url, {"reason": "review"})) for name, url in urls.items()}
    refuse_any((name, not all(map(asks_for_a_proof, responses))) for name, responses in asked.items())
    prove(stale, amina)
    refuse_any((name, asks_for_a_proof(stale.get(url))) for name, url in urls.items())
    assert len(urls) > 20


def row_url_of(act: str, rows: dict[str, Any]) -> str:
    model, slug = act.rsplit("/", 1)
    return f"/admin/{model}/{rows[model]}/{slug}/"


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
    with in_client(cast.client_id("indus")):
        assert ApiKey.objects.get(pk=key).revoked_at is not None


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
