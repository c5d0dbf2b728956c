"""Forms that OpenID Connect leaves to a provider: where it states the address, and what it says of its keys.

``deep_provider`` found them at a provider that others wrote.
"""

from typing import Any

import pytest
from django.test import Client

from tests.single_sign_on.providing import HostileProvider
from tests.single_sign_on.visiting import START, is_in, sign_on

REFUSED = "/accounts/login/"
ADDRESS: dict[str, Any] = {"sub": "farah-1", "email": "farah@indus.example", "email_verified": True}


def states_address_elsewhere(hostile: HostileProvider, user_info: Any, **claims: Any) -> None:
    """Let the token have no address, and the UserInfo endpoint say something."""
    hostile.changes = {"email": None, "email_verified": None, "amr": ["mfa"], **claims}
    hostile.metadata = {"userinfo_endpoint": f"{hostile.issuer}/me"}
    hostile.user_info = user_info


def test_an_address_that_only_userinfo_states_counts(hostile: HostileProvider) -> None:
    states_address_elsewhere(hostile, ADDRESS)
    browser, answer = sign_on(hostile)
    assert (answer["Location"], is_in(browser)) == ("/admin/", True)


@pytest.mark.parametrize(
    ("user_info", "claims"),
    [
        ({**ADDRESS, "sub": "farah-2"}, {}),
        ({"email": "farah@indus.example", "email_verified": True}, {}),
        ({**ADDRESS, "email_verified": False}, {}),
        ({"sub": "farah-1", "email": "farah@indus.example"}, {"email_verified": True}),
        (["farah-1"], {}),
        (None, {}),
    ],
    ids=str,
)
def test_userinfo_of_another_account_or_without_a_verified_address_signs_no_one_in(
    hostile: HostileProvider, user_info: Any, claims: dict[str, Any]
) -> None:
    states_address_elsewhere(hostile, user_info, **claims)
    browser, answer = sign_on(hostile)
    assert (answer["Location"], "_auth_user_id" in browser.session) == (REFUSED, False)


def test_userinfo_is_no_second_factor(hostile: HostileProvider) -> None:
    states_address_elsewhere(hostile, {**ADDRESS, "amr": ["mfa"], "acr": "phr"}, amr=None)
    assert not is_in(sign_on(hostile)[0])


@pytest.mark.parametrize("address", ["http://169.254.169.254/me", "https://10.0.0.1/me", "javascript:alert(1)"])
def test_an_internal_userinfo_endpoint_is_refused(hostile: HostileProvider, address: str) -> None:
    states_address_elsewhere(hostile, ADDRESS)
    hostile.metadata = {"userinfo_endpoint": address}
    assert Client().get(START)["Location"] == REFUSED


@pytest.mark.parametrize("algorithm", ["RS256", "RS512", "PS256"])
def test_a_key_that_states_no_algorithm_verifies_each_of_its_kind(hostile: HostileProvider, algorithm: str) -> None:
    hostile.of_key, hostile.changes = {}, {"alg": algorithm, "amr": ["mfa"]}
    assert sign_on(hostile)[1]["Location"] == "/admin/"


def test_a_key_that_states_its_algorithm_verifies_no_other(hostile: HostileProvider) -> None:
    hostile.changes = {"alg": "PS256", "amr": ["mfa"]}
    assert sign_on(hostile)[1]["Location"] == REFUSED


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_key_without_an_algorithm_verifies_no_shared_secret(hostile: HostileProvider, algorithm: str) -> None:
    hostile.of_key, hostile.changes = {}, {"alg": algorithm, "amr": ["mfa"]}
    assert sign_on(hostile)[1]["Location"] == REFUSED
