"""Sensitive actions and forms need an authentication of the last five minutes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from paktaleem.foundation.accounts.models import ApiKey
from paktaleem.foundation.accounts.reauthentication import REAUTHENTICATION_AGE, is_recent
from paktaleem.foundation.accounts.roles import SENSITIVE, Capability
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.project.offenders import refuse_any
from tests.project.rows import rows_of_indus
from tests.signin.visiting import STEP_UP
from tests.signing_in import browser_of, prove

AT = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
STALE = REAUTHENTICATION_AGE.total_seconds() + 1


def name_of(admin: Any) -> str:
    return f"{admin.opts.app_label}/{admin.opts.model_name}"


ADMINS: dict[str, Any] = {name_of(admin): admin for admin in site._registry.values()}
ACTS = {f"{name}/{act.slug}": act for name, admin in ADMINS.items() for act in admin.all_acts()}
SENSITIVE_ACTS = [name for name, act in ACTS.items() if act.capability in SENSITIVE]
OTHER_ACTS = [name for name, act in ACTS.items() if act.capability not in SENSITIVE]
ADDS = [name for name, admin in ADMINS.items() if admin.add_capability in SENSITIVE]
CHANGES = [name for name, admin in ADMINS.items() if admin.change_capability in SENSITIVE]


@pytest.fixture
def stale(cast: Cast) -> Client:
    """A privacy officer whose last authentication is five minutes and one second old."""
    return browser_of(cast.user("amina"), seconds_ago=STALE)


def row_of(name: str, cast: Cast) -> Any:
    return rows_of_indus(cast)[name]


def asks_for_a_proof(response: Any) -> bool:
    return bool(response.status_code == 302 and response["Location"].startswith(STEP_UP))


def test_the_list_is_where_the_capabilities_are():
    assert {
        Capability.ERASE_SUBJECTS,
        Capability.MANAGE_API_KEYS,
        Capability.MANAGE_STAFF,
        Capability.SIGN_BALANCING_TEST,
    } <= SENSITIVE
    needed = {"subjects/subject/erase", "accounts/apikey/revoke", "accounts/membership/end", "accounts/user/password"}
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
def test_the_rule(age, fresh):
    assert is_recent([{"at": 0.0}, {"at": (AT - age).timestamp()}], at=AT) is fresh
    assert is_recent([], at=AT) is False


@pytest.mark.parametrize("name", SENSITIVE_ACTS)
def test_each_sensitive_act_asks_for_a_proof(name, stale, cast):
    model, slug = name.rsplit("/", 1)
    url = f"/admin/{model}/{row_of(model, cast)}/{slug}/"
    for response in (stale.get(url), stale.post(url, {"reason": "review"})):
        assert asks_for_a_proof(response)
    prove(stale, cast.user("amina"))
    assert not asks_for_a_proof(stale.get(url))


@pytest.mark.parametrize("name", ADDS)
def test_each_sensitive_form_of_a_new_row_asks_for_a_proof(name, stale, cast):
    for response in (stale.get(f"/admin/{name}/add/"), stale.post(f"/admin/{name}/add/")):
        assert asks_for_a_proof(response)
    prove(stale, cast.user("amina"))
    assert stale.get(f"/admin/{name}/add/").status_code == 200


@pytest.mark.parametrize("name", CHANGES)
def test_each_sensitive_change_asks_for_a_proof_and_looking_does_not(name, stale, cast):
    url = f"/admin/{name}/{row_of(name, cast)}/change/"
    assert stale.get(url).status_code == 200
    assert asks_for_a_proof(stale.post(url))


def test_daily_work_asks_for_none(stale, cast):
    rows = rows_of_indus(cast)
    acts = [(name, *name.rsplit("/", 1)) for name in OTHER_ACTS]
    urls = {name: f"/admin/{model}/{rows[model]}/{slug}/" for name, model, slug in acts if rows[model] is not None}
    refuse_any((name, asks_for_a_proof(stale.get(url))) for name, url in urls.items())
    assert len(urls) > 60


def test_who_may_not_anyway_is_refused_and_not_asked(cast):
    auditor = browser_of(cast.user("bilal"), seconds_ago=STALE)
    assert auditor.get("/admin/accounts/apikey/add/").status_code == 403
    assert auditor.post(f"/admin/accounts/apikey/{row_of('accounts/apikey', cast)}/revoke/").status_code == 403


def test_the_way_there_and_back(stale, cast):
    key = row_of("accounts/apikey", cast)
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


def test_a_form_sent_too_late_does_nothing_and_is_kept_nowhere(stale, cast):
    subject = cast.subject_id("danish")
    url = f"/admin/subjects/subject/{subject}/erase/"
    answer = stale.post(url, {"reason": "review", "note": "about Danish"})
    assert asks_for_a_proof(answer)
    assert "about Danish" not in str(dict(stale.session.items()))
    assert "Nothing has been changed yet" in stale.get(answer["Location"]).content.decode()


def test_the_way_back_leads_nowhere_else(stale, cast):
    away = f"{STEP_UP}?next=https://elsewhere.example/"
    assert stale.post(away, {"password": cast.user("amina").email})["Location"] == "/admin/"


def test_it_can_be_left_out_in_the_demonstration(stale, settings):
    settings.STEP_UP = False
    assert stale.get("/admin/accounts/apikey/add/").status_code == 200
