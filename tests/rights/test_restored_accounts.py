"""Accounts of former staff that an older backup brings back are erased again, as the erasure list demands."""

from contextlib import closing

import pytest
from django.db import connections
from django.utils import timezone

from paktaleem.directory.people.services.erasure import replay_erasures
from paktaleem.foundation.accounts.models import Membership, User
from paktaleem.foundation.tenancy.context import in_global
from tests.database import template_ready
from tests.keeping import dispose
from tests.restoring import RestoredDatabase
from tests.rights.test_people_outside import STAFF, STAFF_NAME, Office, found_in_dump, invited, leave


def get_account(user):
    with in_global():
        return User.objects.get(pk=user.pk)


def make_backup():
    return closing(RestoredDatabase(template_ready(), str(connections.databases["default"]["NAME"])))


def ask(office):
    office.write("erasure", STAFF)
    office.register()
    office.confirm(STAFF)


def erase(office):
    office.decide()
    office.erase()


def restore(backup, user):
    assert get_account(user).full_name == ""
    backup.restore()
    assert (get_account(user).email, get_account(user).full_name) == (STAFF, STAFF_NAME)
    reported: list[str] = []
    assert replay_erasures(at=timezone.now(), report=reported.append) == 2, "its start and its end are listed"
    return reported


@pytest.fixture
def office(committed, time_machine):
    return Office(committed, time_machine)


def test_an_account_restored_with_its_owner_is_erased_by_the_replay(office):
    user = invited(office)
    leave(office, user)
    ask(office)
    with make_backup() as backup:
        erase(office)
        assert restore(backup, user)[-1] == "erased"
    assert get_account(user).erased_at is not None


def test_an_account_restored_from_before_its_owner_wrote_is_erased_by_the_next_disposal(office):
    user = invited(office)
    leave(office, user)
    with make_backup() as backup:
        ask(office)
        erase(office)
        assert restore(backup, user)[0] == "never here"
    assert get_account(user).erased_at is None, "the list names no account, only a mark"
    assert dispose("staff_accounts") == 1
    assert get_account(user).erased_at is not None
    dispose("messages")
    assert found_in_dump(STAFF, STAFF_NAME) == []


def test_an_account_restored_with_a_role_is_erased_once_the_role_has_ended(office):
    user = invited(office)
    with make_backup() as backup:
        leave(office, user)
        ask(office)
        erase(office)
        restore(backup, user)
    assert office.cast.get(Membership, "khyber", user=user).ends_at is None
    assert dispose("staff_accounts") == 0, "the account has a role"
    leave(office, user)
    assert dispose("staff_accounts") == 1
    assert get_account(user).erased_at is not None
