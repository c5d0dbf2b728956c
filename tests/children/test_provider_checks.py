"""Providers' checks of guardians: started, answered by file or signed message; only the number is stored."""

import json
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import ANY

import pytest
from django.db import connection, connections
from django.test import Client

from children.guardians.models import Guardianship, ProviderCheck, Verification
from children.guardians.providers import (
    FolderProvider,
    NotSigned,
    ProviderUnknown,
    StartedCheck,
    check_providers,
    read_signed,
)
from children.guardians.selectors import find_check_url
from children.guardians.services.checks import (
    BEGIN,
    CheckUnknown,
    MethodNotOffered,
    receive_check_result,
    request_check,
    show_check_url,
)
from children.guardians.services.verifications import MayNotConsent
from children.guardians.tasks import ask, begin, process_open_checks
from paktaleem.directory.people.models import Subject
from paktaleem.directory.webhooks.signing import headers_of, new_secret
from paktaleem.foundation.accounts.actors import NotAllowed, person_actor
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller
from tests.cast import refused_to
from tests.children.guardians import changed, decision_reason, ended, guardian_of, make_guardian, record_answer
from tests.working import work

MINUTE = timedelta(minutes=1)
ANSWERS = "https://privacy.example/guardian/checks/indus/folder/"


pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def folder(settings, tmp_path):
    settings.CHECK_FOLDER, settings.CHECK_KEY = str(tmp_path), new_secret()
    settings.CHECK_PROVIDERS = {"folder": "children.guardians.providers.FolderProvider"}
    return tmp_path


@pytest.fixture
def row(cast, now, folder):
    """Esra, a guardian of Danish who may decide and is not verified."""
    with in_client(cast.client_id("indus")):
        yield guardian_of(cast.subject("danish"), cast.subject("esra"), at=now)


def signed(check, result, settings, *, at=None, **more):
    body = json.dumps({"check": check.provider_check_id, "result": result, **more}).encode()
    stamp = int(at.timestamp() if at else time.time())
    return body, headers_of([settings.CHECK_KEY], message_id="m-1", timestamp=stamp, body=body)


def answer_by_file(check, result, settings, **more):
    body, headers = signed(check, result, settings, **more)
    told = {"body": body.decode(), "headers": headers}
    path = Path(settings.CHECK_FOLDER) / f"{check.provider_check_id}.answer.json"
    path.write_text(json.dumps(told))


def request(cast, row, at, *, method="payment_card", provider="folder", actor=None):
    told = {"provider": provider, "method": method, "answer_to": ANSWERS}
    return request_check(row, **told, actor=actor or cast.actor("farah"), at=at)


def start(cast, row, at, **values):
    check = request(cast, row, at, **values)
    work({BEGIN: begin})
    check.refresh_from_db()
    return check


def asked_about(check):
    ask(str(check.client_id), str(check.pk))
    check.refresh_from_db()
    return check


def test_a_check_names_no_person_to_the_provider_and_verifies_when_passed(cast, clock, row, folder, settings):
    now = row.starts_at
    check = start(cast, row, now)
    [asked] = folder.glob("*.json")
    assert json.loads(asked.read_text()) == {
        "check": check.provider_check_id,
        "method": "payment_card",
        "language": cast.subject("esra").language,
        "answer_to": ANSWERS,
    }
    assert asked_about(check).state == "started"
    answer_by_file(check, "passed", settings)
    clock.move_to(now + MINUTE)
    settled = asked_about(check)
    assert (settled.state, settled.finished_at) == ("passed", now + MINUTE)
    found = Verification.objects.get()
    assert (found.method, found.strength, found.provider_check_id) == ("payment_card", 2, check.provider_check_id)
    record_answer(cast.subject("danish"), cast.subject("esra"), "given", at=now + MINUTE)
    assert decision_reason(cast, "lms-danish", now + MINUTE) == "permitted"
    kinds = list(Entry.objects.filter(kind__startswith="guardian.check").order_by("id").values_list("kind", flat=True))
    assert kinds == ["guardian.check_requested", "guardian.check_started", "guardian.check_settled"]


def test_what_else_a_provider_sends_is_dropped(cast, now, row, settings):
    check = start(cast, row, now)
    more = {"document_number": "42101-1234567-1", "portrait": "iVBORw0KGgo", "name": "Esra Khan"}
    answer_by_file(check, "passed", settings, **more)
    asked_about(check)
    found = Verification.objects.get()
    kept = json.dumps([str(getattr(one, field.attname)) for one in (found, check) for field in one._meta.fields])
    bodies = json.dumps([str(one.body) for one in Entry.objects.all()])
    assert not any(value in kept or value in bodies for value in more.values())


def test_a_failed_check_verifies_no_one_and_an_answer_counts_once(cast, now, row, settings):
    check = start(cast, row, now)
    body, headers = signed(check, "failed", settings, at=now)
    told = {"arrived_at": now, "at": now}
    assert receive_check_result(row.client_id, "folder", body, headers, **told).state == "failed"
    body, headers = signed(check, "passed", settings, at=now)
    assert receive_check_result(row.client_id, "folder", body, headers, **told).state == "failed"
    assert not Verification.objects.exists()


def test_an_answer_that_is_not_the_providers_is_refused(cast, now, row, settings):
    check = start(cast, row, now)
    body, headers = signed(check, "passed", settings, at=now)
    forged = {**headers, "webhook-signature": "v1,AAAA"}
    late = now + timedelta(minutes=6)
    for sent, by, arrived in ((body + b" ", headers, now), (body, forged, now), (body, {}, now), (body, headers, late)):
        with pytest.raises(NotSigned):
            receive_check_result(row.client_id, "folder", sent, by, arrived_at=arrived, at=now)
    for text in (b"", b"[]", b"null", b'{"check": 7, "result": "passed"}', b'{"check": "a", "result": "maybe"}'):
        stamped = headers_of([settings.CHECK_KEY], message_id="m", timestamp=int(now.timestamp()), body=text)
        with pytest.raises(NotSigned):
            read_signed(text, stamped, secret=settings.CHECK_KEY, at=now)
    with pytest.raises(NotSigned):
        read_signed(body, headers, secret="", at=now)
    assert not Verification.objects.exists()


def test_an_answer_for_another_client_or_an_unknown_check_is_refused(cast, now, row, settings):
    check = start(cast, row, now)
    body, headers = signed(check, "passed", settings, at=now)
    settings.CHECK_PROVIDERS = {**settings.CHECK_PROVIDERS, "other": "children.guardians.providers.FolderProvider"}
    with pytest.raises(CheckUnknown):
        receive_check_result(row.client_id, "other", body, headers, arrived_at=now, at=now)
    with pytest.raises(ProviderUnknown):
        receive_check_result(row.client_id, "nobody", body, headers, arrived_at=now, at=now)


def test_who_is_no_guardian_any_more_is_not_verified_by_an_answer_that_comes_late(cast, now, clock, row, settings):
    check = start(cast, row, now)
    ended(cast, row, now + MINUTE)
    answer_by_file(check, "passed", settings)
    clock.move_to(now + 2 * MINUTE)
    assert asked_about(check).state == "passed"
    assert not Verification.objects.exists()


def test_only_deciding_guardians_are_verified_by_methods_of_the_provider_and_by_permitted_staff(cast, now, row):
    with pytest.raises(MethodNotOffered):
        start(cast, row, now, method="in_person")
    with pytest.raises(ProviderUnknown):
        start(cast, row, now, provider="nobody")
    refused_to("bilal celia", lambda name: start(cast, row, now, actor=cast.actor(name)))
    changed(cast, row, now, court_order=True)
    with pytest.raises(MayNotConsent):
        start(cast, row, now)
    assert not ProviderCheck.objects.exists()


def test_none_is_set_up_unless_an_operator_does(settings):
    settings.CHECK_PROVIDERS = {}
    assert check_providers() == {}


def test_the_worker_requests_results_that_were_not_reported(cast, now, folder, settings):
    with in_client(cast.client_id("indus")):
        check = start(cast, guardian_of(cast.subject("danish"), cast.subject("esra"), at=now), now)
    (folder / f"{check.provider_check_id}.answer.json").write_text("{")
    process_open_checks(0)
    answer_by_file(check, "passed", settings)
    process_open_checks(0)
    assert cast.get(Verification).provider == "folder"


class Unreachable(FolderProvider):
    def start(self, **told):
        raise OSError(told["reference"])


class WithAddress(FolderProvider):
    def start(self, **told):
        return StartedCheck(super().start(**told).number, "https://checks.example/go?t=secret")


def provided_by(settings, provider):
    settings.CHECK_PROVIDERS = {"folder": f"{__name__}.{provider.__name__}"}


def test_an_unreachable_provider_is_retried_for_a_day(cast, clock, row, folder, settings):
    now = row.starts_at
    provided_by(settings, Unreachable)
    check = start(cast, row, now)
    assert (check.state, check.provider_check_id) == ("requested", "")
    assert request(cast, row, now).pk == check.pk, "what is under way is not begun again"
    settings.CHECK_PROVIDERS = {}
    begin(str(check.client_id), str(check.pk))
    settings.CHECK_PROVIDERS = {"folder": "children.guardians.providers.FolderProvider"}
    begin(str(check.client_id), str(check.pk))
    check.refresh_from_db()
    assert (check.state, len(list(folder.iterdir()))) == ("started", 1)
    provided_by(settings, Unreachable)
    late = start(cast, row, now, method="video_conference")
    clock.move_to(now + timedelta(days=1))
    begin(str(late.client_id), str(late.pk))
    late.refresh_from_db()
    assert (late.state, late.finished_at) == ("lapsed", now + timedelta(days=1))
    assert not Verification.objects.exists()


def test_who_is_no_guardian_any_more_is_not_sent_to_a_provider(cast, now, clock, row, folder):
    check = request(cast, row, now)
    ended(cast, row, now + MINUTE)
    clock.move_to(now + 2 * MINUTE)
    begin(str(check.client_id), str(check.pk))
    check.refresh_from_db()
    assert (check.state, list(folder.iterdir())) == ("lapsed", [])


def test_an_unanswered_check_lapses_and_a_late_answer_changes_nothing(cast, now, clock, row, settings):
    check = start(cast, row, now)
    clock.move_to(now + timedelta(days=30))
    assert asked_about(check).state == "lapsed"
    answer_by_file(check, "passed", settings)
    assert asked_about(check).state == "lapsed"
    assert not Verification.objects.exists()


def test_the_url_of_a_check_is_sealed_and_shown_while_the_check_is_open(cast, now, row, settings):
    provided_by(settings, WithAddress)
    check = start(cast, row, now)
    assert find_check_url(check) == "https://checks.example/go?t=secret"
    assert b"secret" not in check.url.ciphertext
    assert "secret" not in json.dumps([one.body for one in Entry.objects.all()], default=str)
    answer_by_file(check, "failed", settings)
    asked_about(check)
    assert find_check_url(check) is None


def test_who_looks_where_the_guardian_goes_is_written_down(cast, now, row, settings):
    provided_by(settings, WithAddress)
    check, farah = start(cast, row, now), cast.actor("farah")
    with pytest.raises(NotAllowed):
        show_check_url(check, actor=cast.actor("bilal"), reason="review", at=now)
    assert not Entry.objects.filter(kind="guardian.check_shown").exists()
    assert show_check_url(check, actor=farah, reason="review", at=now) == "https://checks.example/go?t=secret"
    looked = Entry.objects.get(kind="guardian.check_shown")
    assert (looked.actor_id, looked.subject_id) == (farah.id, row.child_id)
    assert "secret" not in looked.body


def test_only_the_guardian_can_request_their_check_on_their_own_page(cast, now, row):
    danish, esra = cast.subject_id("danish"), cast.subject_id("esra")
    other = make_guardian(cast.client("indus"), "other", at=now)
    for person, child in ((danish, danish), (other.pk, danish), (esra, cast.subject_id("hamza")), (esra, esra)):
        with pytest.raises(NotAllowed):
            request(cast, row, now, actor=person_actor(person, row.client_id, acts_for=child))
    assert request(cast, row, now, actor=person_actor(esra, row.client_id, acts_for=danish)).state == "requested"


def test_by_the_api_a_check_begins_and_a_signed_message_ends_it(cast, now, folder, settings):
    caller = Caller(cast.key("indus"))
    with in_client(cast.client_id("indus")):
        guardian_of(cast.subject("danish"), cast.subject("esra"), at=now)
    address = "/api/v1/subjects/lms-danish/guardian-checks"
    begun = caller.post(address, {"guardian": "lms-esra", "provider": "folder", "method": "payment_card"})
    told = begun.json()
    work({BEGIN: begin})
    expected = (201, "requested", "lms-danish", "lms-esra")
    assert (begun.status_code, told["state"], told["subject"], told["guardian"]) == expected
    asked = json.loads(next(folder.glob("*.json")).read_text())
    to = asked["answer_to"].removeprefix("https://testserver").removeprefix("http://testserver")
    body = json.dumps({"check": asked["check"], "result": "passed"}).encode()
    headers = headers_of([settings.CHECK_KEY], message_id="m-1", timestamp=int(time.time()), body=body)
    headers.pop("Content-Type")
    provider = Client(headers=headers)
    wrong = Client(headers={**headers, "webhook-signature": "v1,AAAA"})
    assert wrong.post(to, body, content_type="application/json").status_code == 404
    assert provider.post(to.replace("indus", "khyber"), body, content_type="application/json").status_code == 404
    assert provider.get(to).status_code == 405
    assert provider.post(to, body, content_type="application/json").status_code == 204
    assert provider.post(to, body, content_type="application/json").status_code == 204
    shown = caller.get(f"/api/v1/guardian-checks/{told['id']}").json()
    assert (shown["state"], shown["url"], shown["finished_at"]) == ("passed", None, ANY)
    assert Caller(cast.key("khyber")).get(f"/api/v1/guardian-checks/{told['id']}").status_code == 404
    for wrong_input, status in (
        ({"provider": "nobody"}, 409),
        ({"method": "in_person"}, 400),
        ({"guardian": "lms-omar"}, 404),
    ):
        sent = {"guardian": "lms-esra", "provider": "folder", "method": "payment_card", **wrong_input}
        assert caller.post(address, sent).status_code == status, wrong_input


AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
IN_CALL, GO_ON = threading.Event(), threading.Event()
SECONDS = 30


class Slow(FolderProvider):
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
    def start(self, **told):
        super().start(**told)
        os._exit(7)


@pytest.fixture
def slow_row(committed, settings, tmp_path, time_machine):
    time_machine.move_to(AT, tick=False)
    settings.CHECK_FOLDER, settings.CHECK_KEY = str(tmp_path), new_secret()
    settings.CHECK_PROVIDERS = {"folder": f"{__name__}.Slow"}
    IN_CALL.clear()
    GO_ON.clear()
    with in_client(committed.client_id("indus")):
        return guardian_of(committed.subject("danish"), committed.subject("esra"), at=AT)


def requested(cast, slow_row):
    with in_client(slow_row.client_id):
        told = {"provider": "folder", "method": "payment_card", "answer_to": "https://privacy.example/"}
        return request_check(Guardianship.objects.get(pk=slow_row.pk), **told, actor=cast.actor("farah"), at=AT)


def aside(act, *args):
    def run():
        try:
            act(*args)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def take_every_row_at_once(slow_row):
    """Lock the child, the guardian and the checks; fail at once if any is locked."""
    with in_client(slow_row.client_id):
        people = Subject.objects.select_for_update(nowait=True).filter(pk__in=[slow_row.child_id, slow_row.guardian_id])
        checks = ProviderCheck.objects.select_for_update(nowait=True).filter(guardianship_id=slow_row.pk)
        return len(people), len(checks), Guardianship.objects.select_for_update(nowait=True).count()


def state_of(slow_row):
    with in_client(slow_row.client_id):
        return ProviderCheck.objects.get(guardianship_id=slow_row.pk)


def test_a_slow_provider_holds_up_no_other_request(committed, slow_row, settings):
    requested(committed, slow_row)
    slow = aside(work, {BEGIN: begin})
    assert IN_CALL.wait(SECONDS)
    assert take_every_row_at_once(slow_row) == (2, 1, 1)
    GO_ON.set()
    slow.join(SECONDS)
    check = state_of(slow_row)
    assert check.state == "started"
    answer_by_file(check, "passed", settings)
    IN_CALL.clear()
    GO_ON.clear()
    slow = aside(process_open_checks, 0)
    assert IN_CALL.wait(SECONDS)
    assert take_every_row_at_once(slow_row) == (2, 1, 1)
    GO_ON.set()
    slow.join(SECONDS)
    assert state_of(slow_row).state == "passed"
    with in_client(slow_row.client_id):
        assert Verification.objects.get().provider_check_id == check.provider_check_id


def test_who_dies_between_asking_and_hearing_leaves_what_the_next_round_picks_up(
    committed, slow_row, settings, tmp_path
):
    check = requested(committed, slow_row)
    connections.close_all()  # must not be shared between processes
    died = os.fork()
    if died == 0:  # a separate process, like a worker
        settings.CHECK_PROVIDERS = {"folder": f"{__name__}.Deadly"}
        begin(str(check.client_id), str(check.pk))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(died, 0)[1]) == 7
    assert (state_of(slow_row).state, len(list(tmp_path.iterdir()))) == ("requested", 1)
    GO_ON.set()
    process_open_checks(0)
    found = state_of(slow_row)
    assert (found.state, [one.stem for one in tmp_path.iterdir()]) == ("started", [found.provider_check_id])
    begin(str(check.client_id), str(check.pk))
    assert (state_of(slow_row).provider_check_id, len(list(tmp_path.iterdir()))) == (found.provider_check_id, 1)
