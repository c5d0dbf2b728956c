"""One row that fails does not stop the others."""

from datetime import UTC

import pytest

from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.operations.jobs import do_each, do_for_clients
from paktaleem.foundation.tenancy.context import current_client, in_client
from tests.factories import SETTING_UP


def test_the_others_are_done_in_order_and_the_error_is_raised_at_the_end():
    done: list[int] = []

    def act(number):
        done.append(number)
        if number in {1, 3}:
            raise ValueError(number)

    with pytest.raises(ExceptionGroup) as raised:
        do_each([1, 2, 3, 4], act)
    assert done == [1, 2, 3, 4]
    assert [error.args for error in raised.value.exceptions] == [(1,), (3,)]


def test_without_a_failure_no_error_is_raised():
    done: list[int] = []
    do_each([1, 2], done.append)
    assert done == [1, 2]


def test_each_client_has_its_own_context_and_a_failure_undoes_only_its_own_work(cast):
    indus, khyber = cast.client_id("indus"), cast.client_id("khyber")

    def act(client_id, at):
        assert (current_client(), at.tzinfo) == (client_id, UTC)
        record_entry("activity.reported", client_id=client_id, facts={}, actor=SETTING_UP, at=at)
        if client_id == indus:
            raise ValueError

    with pytest.raises(ExceptionGroup):
        do_for_clients([indus, khyber], act)
    for client_id in (indus, khyber):
        with in_client(client_id):
            is_recorded = Entry.objects.filter(kind="activity.reported", client_id=client_id).exists()
        assert is_recorded is (client_id == khyber)
