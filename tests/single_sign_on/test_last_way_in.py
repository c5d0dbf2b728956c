"""Of a client’s administrators one can always sign in: with a password that counts, or by the provider in force."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections
from django.test import Client, Client as Browser

from paktaleem.directory.staff.single_sign_on.models import Provider, SignOnLink
from paktaleem.directory.staff.single_sign_on.services import change_access, end_provider, unlink_account
from paktaleem.foundation.accounts.leaving import LastAdministrator, LastWayIn
from paktaleem.foundation.accounts.models import Membership, User
from paktaleem.foundation.accounts.staff_services import change_membership, end_membership
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import Cast
from tests.console.pages import row_url
from tests.factories import CAST_AT, SETTING_UP, make_staff
from tests.school_limits.limiting import make_school
from tests.signing_in import browser_of
from tests.single_sign_on.providing import HostileProvider
from tests.single_sign_on.visiting import START, is_in, set_up, sign_on

ISSUER = "https://idp.school.example"


@pytest.fixture
def provider(cast, now):
    """Indus with single sign-on, and with two administrators who have passwords: Farah and Celia."""
    return prepare(cast, now)


def prepare(cast: Cast, now: datetime) -> Provider:
    make_staff("celia@khyber.example", ("client_admin", cast.client_id("indus")))
    return set_up(cast, ISSUER, now)


def link(cast: Cast, name: str, now: datetime) -> SignOnLink:
    """Link an account at the provider, as the first single sign-on does."""
    indus = cast.client_id("indus")
    with in_client(indus):
        return SignOnLink.objects.create(
            client_id=indus, user=cast.user(name), issuer=ISSUER, subject=f"{name}-1", linked_at=now
        )


def take_password(cast: Cast, *names: str) -> None:
    with in_global():
        User.objects.filter(pk__in=[cast.user_id(name) for name in names]).update(password="!unset")


def act(cast: Cast, service: Callable[..., Any], row: Any, now: datetime, *, by: str = "farah", **more: Any) -> Any:
    with in_client(cast.client_id("indus")):
        return service(row, actor=cast.actor(by), reason="review", at=now, **more)


def membership_of(cast: Cast, name: str) -> Membership:
    return cast.get(Membership, user_id=cast.user_id(name), client_id=cast.client_id("indus"))


def test_an_administrator_with_a_linked_account_counts_without_a_password(cast, now, provider):
    take_password(cast, "celia")
    with pytest.raises(LastAdministrator):
        act(cast, end_membership, membership_of(cast, "farah"), now)
    link(cast, "celia", now)
    act(cast, end_membership, membership_of(cast, "farah"), now)
    assert membership_of(cast, "farah").ends_at == now


def test_a_link_does_not_count_once_it_or_its_provider_has_ended(cast, now, provider):
    take_password(cast, "celia")
    ended = act(cast, unlink_account, link(cast, "celia", now), now)
    assert ended.ended_at == now
    with pytest.raises(LastAdministrator):
        act(cast, end_membership, membership_of(cast, "farah"), now)
    link(cast, "celia", now)
    act(cast, end_provider, provider, now)
    with pytest.raises(LastAdministrator):
        act(cast, end_membership, membership_of(cast, "farah"), now)


def test_a_password_does_not_count_while_single_sign_on_is_required(cast, now, provider):
    account = link(cast, "farah", now)
    act(cast, change_access, provider, now, is_required=True)
    with pytest.raises(LastAdministrator):
        act(cast, end_membership, membership_of(cast, "farah"), now, by="amina")
    with pytest.raises(LastWayIn):
        act(cast, unlink_account, account, now, by="amina")
    assert cast.get(SignOnLink).ended_at is None
    act(cast, change_access, provider, now, is_required=False)
    act(cast, unlink_account, account, now, by="amina")
    act(cast, end_membership, membership_of(cast, "farah"), now, by="amina")


def test_a_provider_is_not_ended_or_replaced_if_no_administrator_has_a_password(cast, now, provider):
    link(cast, "farah", now)
    take_password(cast, "farah", "celia")
    with pytest.raises(LastWayIn):
        act(cast, end_provider, provider, now, by="amina")
    with pytest.raises(LastWayIn):
        set_up(cast, "https://other.school.example", now)
    assert cast.get(Provider, ended_at=None, state="approved") == provider
    user = cast.user("celia")
    user.set_password("a password of their own")
    with in_global():
        user.save(update_fields=["password"])
    act(cast, end_provider, provider, now)


def test_a_provider_is_ended_if_no_administrator_could_sign_in_anyway(cast, now, provider):
    link(cast, "farah", now)
    take_password(cast, "farah", "celia")
    with in_global():
        User.objects.filter(pk=cast.user_id("farah")).update(is_active=False)
    act(cast, end_provider, provider, now, by="amina")


def test_single_sign_on_is_required_only_after_an_administrator_of_all_schools_used_it(cast, now, provider):
    link(cast, "celia", now)
    limited = membership_of(cast, "celia")
    limited.school_ids = [make_school(cast, "north", cast.subject_id("danish"))]
    act(cast, change_membership, limited, now)
    with pytest.raises(ValidationError, match="No administrator has signed in"):
        act(cast, change_access, provider, now, is_required=True)
    take_password(cast, "farah")
    with pytest.raises(ValidationError, match="No administrator has signed in"):
        act(cast, change_access, provider, now, is_required=True)
    link(cast, "farah", now)
    assert act(cast, change_access, provider, now, is_required=True).required_at == now


def test_of_two_acts_at_once_that_each_take_a_way_in_one_is_refused(committed, now):
    provider, both = prepare(committed, now), Barrier(2)
    link(committed, "farah", now)
    take_password(committed, "farah")
    celias = membership_of(committed, "celia")

    def run(service: Callable[..., Any], row: Any) -> bool:
        both.wait()
        try:
            act(committed, service, row, now)
        except (LastAdministrator, LastWayIn):
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(run, end_provider, provider), pool.submit(run, end_membership, celias)]
    assert sorted(one.result() for one in done) == [False, True]


WARNING = "After this, no administrator of Indus Schools Network could sign in."
PANEL = "No administrator can sign in"


def disable(browser: Browser, user: User, **more: str) -> Any:
    given = {"full_name": user.full_name, "language": user.language, "reason": "review", **more}
    return browser.post(row_url("accounts/user", user.pk), given, follow=True)


def is_active(cast: Cast, name: str) -> bool:
    return cast.user(name).is_active


def recorded() -> list[Any]:
    with in_client(PAKTALEEM):
        facts = [json.loads(entry.body)["facts"] for entry in Entry.objects.filter(kind="user.changed")]
    return [one.get("left_without_administrator") for one in facts]


def test_the_last_administrator_is_disabled_only_after_the_client_was_named(cast):
    amina, farah, indus = browser_of(cast.user("amina")), cast.user("farah"), cast.client_id("indus")
    assert PANEL not in amina.get(row_url("accounts/client", indus)).content.decode()
    first = disable(amina, farah).content.decode()
    assert WARNING in first
    assert "Disable it all the same" in first
    assert is_active(cast, "farah")
    assert recorded() == []
    second = disable(amina, farah, leaves_without="on").content.decode()
    assert "No administrator of Indus Schools Network can sign in now." in second
    assert not is_active(cast, "farah")
    assert recorded() == [str(indus)]
    assert PANEL in amina.get(row_url("accounts/client", indus)).content.decode()


def test_nothing_is_asked_while_another_administrator_of_the_whole_client_can_sign_in(cast):
    make_staff("gulnar@indus.example", ("client_admin", cast.client_id("indus")))
    amina = browser_of(cast.user("amina"))
    assert WARNING not in disable(amina, cast.user("farah")).content.decode()
    assert not is_active(cast, "farah")
    assert recorded() == [None]


def test_one_who_is_limited_disabled_invited_or_locked_does_not_count(cast, now):
    indus, amina = cast.client_id("indus"), browser_of(cast.user("amina"))
    second = make_staff("gulnar@indus.example", ("client_admin", indus))
    school = make_school(cast, "north", cast.subject_id("danish"))
    able: dict[str, Any] = {"school_ids": None, "suspended_at": None, "is_active": True, "password": second.password}
    unable = {"school_ids": [school], "suspended_at": now, "is_active": False, "password": "!unset"}
    for column, value in unable.items():
        write(indus, second, column, value)
        assert WARNING in disable(amina, cast.user("farah")).content.decode(), column
        write(indus, second, column, able[column])
    assert WARNING not in disable(amina, cast.user("farah")).content.decode()


def write(client_id: UUID, user: User, column: str, value: Any) -> None:
    own = column in {"is_active", "password"}
    table, key = ("accounts_user", "id") if own else ("accounts_membership", "user_id")
    with in_client(client_id), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", [value, user.pk])  # noqa: S608 -- names of ours


def test_a_password_does_not_count_where_single_sign_on_is_required(cast, now):
    provider, indus = prepare(cast, now), cast.client_id("indus")
    link(cast, "farah", now)
    with in_client(indus):
        change_access(provider, is_required=True, actor=cast.actor("farah"), reason="review", at=now)
    amina = browser_of(cast.user("amina"))
    assert WARNING in disable(amina, cast.user("farah")).content.decode()
    link(cast, "celia", now)
    assert WARNING not in disable(amina, cast.user("farah")).content.decode()


def test_every_client_that_is_left_without_is_named_and_one_left_before_is_not(cast):
    amina, farah = browser_of(cast.user("amina")), cast.user("farah")
    with in_client(cast.client_id("khyber")):
        membership = Membership.objects.get(user_id=cast.user_id("celia"))
        membership.user_id = farah.pk
        save_tracked(membership, actor=SETTING_UP, reason="review", at=CAST_AT)
    named = disable(amina, farah).content.decode()
    assert "no administrator of Indus Schools Network, Khyber Institute could sign in" in named
    take_password(cast, "farah")  # no one could sign in before
    farah = cast.user("farah")
    assert "could sign in" not in disable(amina, farah).content.decode()
    assert not is_active(cast, "farah")


REFUSED = "/accounts/login/"
ADDRESS: dict[str, Any] = {"sub": "farah-1", "email": "farah@indus.example", "email_verified": True}


def states_address_elsewhere(hostile: HostileProvider, user_info: Any, **claims: Any) -> None:
    """Let the token have no address, and the UserInfo endpoint say something."""
    hostile.changes = {"email": None, "email_verified": None, "amr": ["mfa"], **claims}
    hostile.metadata = {"userinfo_endpoint": f"{hostile.issuer}/me"}
    hostile.user_info = user_info


def test_an_address_that_only_userinfo_states_counts(hostile):
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
def test_userinfo_of_another_account_or_without_a_verified_address_signs_no_one_in(hostile, user_info, claims):
    states_address_elsewhere(hostile, user_info, **claims)
    browser, answer = sign_on(hostile)
    assert (answer["Location"], "_auth_user_id" in browser.session) == (REFUSED, False)


def test_userinfo_is_no_second_factor(hostile):
    states_address_elsewhere(hostile, {**ADDRESS, "amr": ["mfa"], "acr": "phr"}, amr=None)
    assert not is_in(sign_on(hostile)[0])


@pytest.mark.parametrize("address", ["http://169.254.169.254/me", "https://10.0.0.1/me", "javascript:alert(1)"])
def test_an_internal_userinfo_endpoint_is_refused(hostile, address):
    states_address_elsewhere(hostile, ADDRESS)
    hostile.metadata = {"userinfo_endpoint": address}
    assert Client().get(START)["Location"] == REFUSED


@pytest.mark.parametrize(
    ("of_key", "algorithm", "follows"),
    [
        *(({}, algorithm, "/admin/") for algorithm in ("RS256", "RS512", "PS256")),
        *(({}, algorithm, REFUSED) for algorithm in ("none", "HS256")),
        ({"alg": "RS256"}, "PS256", REFUSED),
    ],
)
def test_a_key_verifies_its_algorithm_or_each_of_its_kind_if_it_states_none(hostile, of_key, algorithm, follows):
    hostile.of_key, hostile.changes = of_key, {"alg": algorithm, "amr": ["mfa"]}
    assert sign_on(hostile)[1]["Location"] == follows
