"""Slow providers and crashed workers: no one waits for a provider, nothing is lost, and no check is started twice."""

import os
import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, connections

from children.guardians.models.guardians import Guardianship, Verification
from children.guardians.models.mechanisms import ProviderCheck
from children.guardians.providers import FolderProvider
from children.guardians.services.checks import BEGIN, request_check
from children.guardians.tasks import begin, process_open_checks
from paktaleem.directory.people.models import Subject
from paktaleem.directory.webhooks.signing import new_secret
from paktaleem.foundation.tenancy.context import in_client
from tests.children.guardians import guardian_of
from tests.children.test_provider_checks import answer_by_file
from tests.working import work

AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
IN_CALL, GO_ON = threading.Event(), threading.Event()
SECONDS = 30


class Slow(FolderProvider):
    """A provider that answers when released."""

    def start(self, **told):
        assert not connection.in_atomic_block, "a transaction is open while a provider is asked"
        IN_CALL.set()
        assert GO_ON.wait(SECONDS)
        return super().start(**told)

    def ask(self, number):
        assert not connection.in_atomic_block, "a transaction is open while a provider is asked"
        IN_CALL.set()
        assert GO_ON.wait(SECONDS)
        return super().ask(number)


class Deadly(FolderProvider):
    """A provider whose caller crashes after the check has started."""

    def start(self, **told):
        super().start(**told)
        os._exit(7)


@pytest.fixture
def row(committed, settings, tmp_path, time_machine):
    """Esra, a guardian of Danish, committed."""
    time_machine.move_to(AT, tick=False)
    settings.CHECK_FOLDER, settings.CHECK_KEY = str(tmp_path), new_secret()
    settings.CHECK_PROVIDERS = {"folder": f"{__name__}.Slow"}
    IN_CALL.clear()
    GO_ON.clear()
    with in_client(committed.client_id("indus")):
        return guardian_of(committed.subject("danish"), committed.subject("esra"), at=AT)


def requested(cast, row):
    with in_client(row.client_id):
        told = {"provider": "folder", "method": "payment_card", "answer_to": "https://privacy.example/"}
        return request_check(Guardianship.objects.get(pk=row.pk), **told, actor=cast.actor("farah"), at=AT)


def aside(act, *args):
    """Run in a thread with its own connection."""

    def run():
        try:
            act(*args)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def take_every_row_at_once(row):
    """Lock the child, the guardian and the checks; fail at once if any is locked."""
    with in_client(row.client_id):
        people = Subject.objects.select_for_update(nowait=True).filter(pk__in=[row.child_id, row.guardian_id])
        checks = ProviderCheck.objects.select_for_update(nowait=True).filter(guardianship_id=row.pk)
        return len(people), len(checks), Guardianship.objects.select_for_update(nowait=True).count()


def state_of(row):
    with in_client(row.client_id):
        return ProviderCheck.objects.get(guardianship_id=row.pk)


def test_a_slow_provider_holds_up_no_other_request(committed, row, settings):
    requested(committed, row)
    slow = aside(work, {BEGIN: begin})
    assert IN_CALL.wait(SECONDS)
    assert take_every_row_at_once(row) == (2, 1, 1)
    GO_ON.set()
    slow.join(SECONDS)
    check = state_of(row)
    assert check.state == "started"
    answer_by_file(check, "passed", settings)
    IN_CALL.clear()
    GO_ON.clear()
    slow = aside(process_open_checks, 0)
    assert IN_CALL.wait(SECONDS)
    assert take_every_row_at_once(row) == (2, 1, 1)
    GO_ON.set()
    slow.join(SECONDS)
    assert state_of(row).state == "passed"
    with in_client(row.client_id):
        assert Verification.objects.get().provider_check_id == check.provider_check_id


def test_who_dies_between_asking_and_hearing_leaves_what_the_next_round_picks_up(committed, row, settings, tmp_path):
    check = requested(committed, row)
    connections.close_all()  # must not be shared between processes
    died = os.fork()
    if died == 0:  # a separate process, like a worker
        settings.CHECK_PROVIDERS = {"folder": f"{__name__}.Deadly"}
        begin(str(check.client_id), str(check.pk))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(died, 0)[1]) == 7
    assert (state_of(row).state, len(list(tmp_path.iterdir()))) == ("requested", 1)
    GO_ON.set()
    process_open_checks(0)
    found = state_of(row)
    assert (found.state, [one.stem for one in tmp_path.iterdir()]) == ("started", [found.provider_check_id])
    begin(str(check.client_id), str(check.pk))
    assert (state_of(row).provider_check_id, len(list(tmp_path.iterdir()))) == (found.provider_check_id, 1)
