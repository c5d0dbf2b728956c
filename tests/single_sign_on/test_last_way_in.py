"""Of a client’s administrators one can always sign in: with a password that counts, or by the provider in force."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from paktaleem.directory.staff.single_sign_on.models import Provider, SignOnLink
from paktaleem.directory.staff.single_sign_on.services import (
    change_access,
    end_provider,
    unlink_account,
)
from paktaleem.foundation.accounts.leaving import LastAdministrator, LastWayIn
from paktaleem.foundation.accounts.models import Membership, User
from paktaleem.foundation.accounts.staff_services import change_membership, end_membership
from paktaleem.foundation.tenancy.context import in_client, in_global
from tests.cast import Cast
from tests.factories import make_staff
from tests.school_limits.limiting import make_school
from tests.single_sign_on.visiting import set_up

ISSUER = "https://idp.school.example"


@pytest.fixture
def provider(cast: Cast, now: datetime) -> Provider:
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


def give_password(cast: Cast, name: str) -> None:
    user = cast.user(name)
    user.set_password("a password of their own")
    with in_global():
        user.save(update_fields=["password"])


def act(cast: Cast, service: Callable[..., Any], row: Any, now: datetime, *, by: str = "farah", **more: Any) -> Any:
    with in_client(cast.client_id("indus")):
        return service(row, actor=cast.actor(by), reason="review", at=now, **more)


def membership_of(cast: Cast, name: str) -> Membership:
    with in_client(cast.client_id("indus")):
        return Membership.objects.get(user_id=cast.user_id(name), client_id=cast.client_id("indus"))


def test_an_administrator_with_a_linked_account_counts_without_a_password(
    cast: Cast, now: datetime, provider: Provider
) -> None:
    take_password(cast, "celia")
    with pytest.raises(LastAdministrator):
        act(cast, end_membership, membership_of(cast, "farah"), now)
    link(cast, "celia", now)
    act(cast, end_membership, membership_of(cast, "farah"), now)
    assert membership_of(cast, "farah").ends_at == now


def test_a_link_does_not_count_once_it_or_its_provider_has_ended(cast: Cast, now: datetime, provider: Provider) -> None:
    take_password(cast, "celia")
    ended = act(cast, unlink_account, link(cast, "celia", now), now)
    assert ended.ended_at == now
    with pytest.raises(LastAdministrator):
        act(cast, end_membership, membership_of(cast, "farah"), now)
    link(cast, "celia", now)
    act(cast, end_provider, provider, now)
    with pytest.raises(LastAdministrator):
        act(cast, end_membership, membership_of(cast, "farah"), now)


def test_a_password_does_not_count_while_single_sign_on_is_required(
    cast: Cast, now: datetime, provider: Provider
) -> None:
    account = link(cast, "farah", now)
    act(cast, change_access, provider, now, is_required=True)
    with pytest.raises(LastAdministrator):
        act(cast, end_membership, membership_of(cast, "farah"), now, by="amina")
    with pytest.raises(LastWayIn):
        act(cast, unlink_account, account, now, by="amina")
    with in_client(cast.client_id("indus")):
        assert SignOnLink.objects.get().ended_at is None
    act(cast, change_access, provider, now, is_required=False)
    act(cast, unlink_account, account, now, by="amina")
    act(cast, end_membership, membership_of(cast, "farah"), now, by="amina")


def test_a_provider_is_not_ended_or_replaced_if_no_administrator_has_a_password(
    cast: Cast, now: datetime, provider: Provider
) -> None:
    """If none of them could sign in before, it can be ended: for a provider that someone has taken over."""
    link(cast, "farah", now)
    take_password(cast, "farah", "celia")
    with pytest.raises(LastWayIn):
        act(cast, end_provider, provider, now, by="amina")
    with pytest.raises(LastWayIn):
        set_up(cast, "https://other.school.example", now)
    with in_client(cast.client_id("indus")):
        assert Provider.objects.get(ended_at=None, state="approved") == provider
    give_password(cast, "celia")
    act(cast, end_provider, provider, now)


def test_a_provider_is_ended_if_no_administrator_could_sign_in_anyway(
    cast: Cast, now: datetime, provider: Provider
) -> None:
    link(cast, "farah", now)
    take_password(cast, "farah", "celia")
    with in_global():
        User.objects.filter(pk=cast.user_id("farah")).update(is_active=False)
    act(cast, end_provider, provider, now, by="amina")


def test_single_sign_on_is_required_only_after_an_administrator_of_all_schools_used_it(
    cast: Cast, now: datetime, provider: Provider
) -> None:
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


def test_of_two_acts_at_once_that_each_take_a_way_in_one_is_refused(committed: Cast, now: datetime) -> None:
    """Farah signs in by the provider only, Celia with a password only."""
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
