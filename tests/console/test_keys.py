"""Rotation of an API key in the console: new key shown once; old key valid until a chosen day, or revoked."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from paktaleem.foundation.accounts.models import ApiKey
from paktaleem.foundation.accounts.selectors import find_key_actor
from paktaleem.foundation.accounts.services import issue_api_key
from paktaleem.foundation.tenancy.context import in_client
from tests.console.pages import row_url

DAY, KARACHI = timedelta(days=1), ZoneInfo("Asia/Karachi")


@pytest.fixture
def key(cast):
    now = timezone.now()
    with in_client(cast.client_id("indus")):
        return issue_api_key(
            cast.client_id("indus"),
            name="Grade book",
            scopes=["decisions:ask"],
            expires_at=now + 365 * DAY,
            actor=cast.actor("farah"),
            at=now,
        )


def rotate(browser, key, days=7, **changed):
    ends_on = (timezone.now() + days * DAY).astimezone(KARACHI).date()
    values = {"old_ends_on": f"{ends_on}", "reason": "key_rotation", **changed}
    return browser.post(row_url("accounts/apikey", key.pk, "rotate"), values)


def shown(response):
    assert response.status_code == 200, response
    return str(response.content.decode().split('<code id="secret">')[1].split("</code>")[0])


def row(cast, key):
    with in_client(cast.client_id("indus")):
        return ApiKey.objects.get(pk=key.pk)


@pytest.mark.parametrize("name", ["farah", "amina"])
def test_the_new_key_is_shown_once_and_both_open(sign_in, cast, key, name):
    old, old_secret = key
    browser = sign_in(name)
    secret = shown(rotate(browser, old))
    with in_client(cast.client_id("indus")):
        new = ApiKey.objects.exclude(pk=old.pk).get(name="Grade book")
    now = timezone.now()
    assert find_key_actor(secret, at=now) is not None
    assert find_key_actor(old_secret, at=now) is not None
    assert now + 7 * DAY - timedelta(hours=1) < row(cast, old).expires_at <= now + 8 * DAY
    for page in ("change", "history"):
        for one in (old, new):
            assert secret not in browser.get(row_url("accounts/apikey", one.pk, page)).content.decode()
    assert secret not in str(dict(browser.session))


def test_the_old_key_ends_with_the_chosen_day_of_the_client(sign_in, cast, key):
    rotate(sign_in("farah"), key[0], days=2)
    ends_at = row(cast, key[0]).expires_at
    assert f"{ends_at.astimezone(KARACHI):%H:%M:%S.%f}" == "00:00:00.000000"


@pytest.mark.parametrize("changed", [{"old_ends_on": "2020-01-01"}, {"old_ends_on": "2099-01-01"}, {"old_ends_on": ""},
                                     {"old_ends_on": "soon"}, {"reason": ""}, {"reason": "because"}])  # fmt: skip
def test_a_day_out_of_bounds_is_refused_and_nothing_issued(sign_in, cast, key, changed):
    page = rotate(sign_in("farah"), key[0], **changed).content.decode()
    assert "errorlist" in page
    assert 'id="secret"' not in page
    with in_client(cast.client_id("indus")):
        assert ApiKey.objects.filter(name="Grade book").count() == 1
