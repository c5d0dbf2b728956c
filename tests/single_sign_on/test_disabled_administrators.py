"""An officer who disables a client's last administrator that can sign in is warned, and the client is named."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.test import Client as Browser

from paktaleem.directory.staff.single_sign_on.services import change_access
from paktaleem.foundation.accounts.models import Membership, User
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import Cast
from tests.console.pages import row_url
from tests.factories import CAST_AT, SETTING_UP, make_staff
from tests.school_limits.limiting import make_school
from tests.signing_in import browser_of
from tests.single_sign_on.test_last_way_in import link, prepare, take_password

WARNING = "After this, no administrator of Indus Schools Network could sign in."
PANEL = "No administrator can sign in"


def disable(browser: Browser, user: User, **more: str) -> Any:
    given = {"full_name": user.full_name, "language": user.language, "reason": "review", **more}
    return browser.post(row_url("accounts/user", user.pk), given, follow=True)


def is_active(cast: Cast, name: str) -> bool:
    return cast.user(name).is_active


def recorded() -> list[Any]:
    with in_client(PAKTALEEM):
        return [
            json.loads(entry.body)["facts"].get("left_without_administrator")
            for entry in Entry.objects.filter(kind="user.changed")
        ]


def test_the_last_administrator_is_disabled_only_after_the_client_was_named(cast: Cast) -> None:
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


def test_nothing_is_asked_while_another_administrator_of_the_whole_client_can_sign_in(cast: Cast) -> None:
    make_staff("gulnar@indus.example", ("client_admin", cast.client_id("indus")))
    amina = browser_of(cast.user("amina"))
    assert WARNING not in disable(amina, cast.user("farah")).content.decode()
    assert not is_active(cast, "farah")
    assert recorded() == [None]


def test_one_who_is_limited_disabled_invited_or_locked_does_not_count(cast: Cast, now: datetime) -> None:
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
    """Write a column of an account or its membership by SQL."""
    own = column in {"is_active", "password"}
    table, key = ("accounts_user", "id") if own else ("accounts_membership", "user_id")
    with in_client(client_id), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", [value, user.pk])  # noqa: S608 -- names of ours


def test_a_password_does_not_count_where_single_sign_on_is_required(cast: Cast, now: datetime) -> None:
    provider, indus = prepare(cast, now), cast.client_id("indus")
    link(cast, "farah", now)
    with in_client(indus):
        change_access(provider, is_required=True, actor=cast.actor("farah"), reason="review", at=now)
    amina = browser_of(cast.user("amina"))
    assert WARNING in disable(amina, cast.user("farah")).content.decode()
    link(cast, "celia", now)
    assert WARNING not in disable(amina, cast.user("farah")).content.decode()


def test_every_client_that_is_left_without_is_named_and_one_left_before_is_not(cast: Cast) -> None:
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
