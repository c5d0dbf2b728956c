"""Daily jobs of the worker also run in a sandbox whose clock is ahead, and nowhere else early."""

import ast
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from children.invitations.tasks import purge_unasked_contacts
from consent.paper.models import SheetEntry
from consent.paper.services.sheets import upload_sheet
from consent.paper.tasks import expire_old_rows
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.services import GRACE, send_message
from paktaleem.directory.mail.tasks import requeue_stalled
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import claim_guardian
from paktaleem.directory.webhooks.models import Delivery, DeliveryState, Message
from paktaleem.directory.webhooks.services import add_endpoint, replay_since
from paktaleem.directory.webhooks.tasks import purge_old_messages
from paktaleem.foundation.accounts.actors import user_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.selectors import list_due_clients
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import new_id
from rights.requests.models import RightsRequest
from rights.requests.services.closing import answer_request, close_request
from rights.requests.services.decisions import decide_part
from rights.requests.services.intake import receive_request
from rights.requests.services.steps import list_parts
from rights.requests.tasks import purge_old_texts
from tests.factories import SETTING_UP, SubjectFactory
from tests.keeping import default_period

ROOT = Path(__file__).resolve().parents[2]
A_DAY = timedelta(days=1)


@pytest.fixture
def both(cast, sandbox):
    """A client with real time, and a sandbox."""
    return cast.client_id("indus"), sandbox.id


def each(both, act):
    """Run the same act in both; return the results."""
    found = []
    for client_id in both:
        with in_client(client_id):
            found.append(act(Client.objects.get(pk=client_id)))
    return found


def test_a_concern_answered_long_ago_by_its_clock_is_forgotten(both, sandbox):
    def answered(client):
        told: dict[str, Any] = {"actor": user_actor(new_id(), "client_admin", client.pk), "at": client_now()}
        words: dict[str, Any] = {"details": "Worried.", "channel": "form", "language": "en"}
        row = receive_request(client, kinds=["child_concern"], **words, **told)
        decide_part(list_parts(row)[0], decision="granted", **told)
        return close_request(answer_request(row, text="Done.", **told), **told).pk

    made = each(both, answered)

    def forgotten(_client):
        return RightsRequest.objects.filter(pk__in=made, wrapped=None).exists()

    sandbox.move(days=default_period("request_texts").days - 1)
    purge_old_texts(0)
    assert each(both, forgotten) == [False, False]
    sandbox.move(days=2)
    purge_old_texts(0)
    assert each(both, forgotten) == [False, True]


def test_a_contact_kept_only_to_ask_is_forgotten(both, sandbox):
    def known(client):
        at = client_now()
        child = SubjectFactory(client=client, external_id="s-child", birth_date=at.date() - 3_000 * A_DAY, at=at)
        named = {"external_id": "s-mother", "role": "guardian", "email": "mother@mail.example"}
        guardian = SubjectFactory(client=client, at=at, **named)
        claim_guardian(child, guardian=guardian, relationship="parent", actor=SETTING_UP, at=at)
        return guardian.pk

    made = each(both, known)

    def emptied(_client):
        return Subject.objects.get(pk__in=made).email is None

    purge_unasked_contacts(0)
    assert each(both, emptied) == [False, False]
    sandbox.move(days=default_period("guardians_unasked").days + 1)
    purge_unasked_contacts(0)
    assert each(both, emptied) == [False, True]


def test_a_row_on_paper_that_matched_no_person_expires(both, sandbox):
    header, row = "code,newsletter,answered_by,method,answered_on,note", "1111-1111,yes,self,paper,2026-09-30,Box 3"
    sheet = f"{header}\n{row}".encode()
    each(both, lambda client: upload_sheet(sheet, client=client, actor=SETTING_UP, at=client_now()))

    def state(_client):
        return SheetEntry.objects.get().state

    assert expire_old_rows(0) == 0
    sandbox.move(days=default_period("unmatched_answers").days + 1)
    assert expire_old_rows(0) == 1
    assert each(both, state) == ["unmatched", "expired"]


def test_an_email_whose_job_died_is_sent_later(both, sandbox):
    sandbox.move(days=100)

    def lost(client):
        to = SubjectFactory(client=client, external_id="s-one", email="one@mail.example")
        words = {"count": "1", "url": "https://portal.example/"}
        asked_at = client_now() - GRACE - A_DAY
        send_message("orders_stuck", to=to, client_id=client.pk, context=words, actor=SETTING_UP, at=asked_at)

    each(both, lost)
    requeue_stalled(0)

    def waits_anew(_client):
        return Letter.objects.get().due_at > client_now()

    assert each(both, waits_anew) == [True, True]


# Webhooks: deliveries use real time, events the client's clock


@pytest.fixture
def endpoint(sandbox):
    with in_client(sandbox.id):
        made, _ = add_endpoint(
            sandbox.id,
            url="https://lms.example/hooks",
            events=["consent.*"],
            actor=SETTING_UP,
            at=wall_clock_now() - A_DAY,
        )
    return made


def told(sandbox, *, taken=True):
    """Create an event in the sandbox whose message was delivered or not; return the message."""
    sandbox.caller.consent("p-adult", "newsletter")
    with in_client(sandbox.id):
        delivery = Delivery.objects.get()
        state = DeliveryState.DELIVERED if taken else DeliveryState.FAILED
        Delivery.objects.filter(pk=delivery.pk).update(state=state, done_at=wall_clock_now(), attempts=1)
    return delivery.message_id


def test_deliveries_of_a_sandbox_ahead_in_time_are_purged_after_as_many_real_days(sandbox, endpoint, time_machine):
    sandbox.move(days=400)
    message, sent_at = told(sandbox), wall_clock_now()
    for days, left in (
        (1, 1),
        (default_period("webhook_messages").days - 1, 1),
        (default_period("webhook_messages").days + 1, 0),
    ):
        time_machine.move_to(sent_at + timedelta(days=days))
        purge_old_messages(0)
        with in_client(sandbox.id):
            assert Message.objects.filter(pk=message).count() == left, days


def test_moving_the_clock_throws_no_log_away(sandbox, endpoint):
    message = told(sandbox)
    sandbox.move(days=400)
    assert purge_old_messages(0) == 0
    with in_client(sandbox.id):
        assert Message.objects.filter(pk=message).exists()


def test_what_a_sandbox_ahead_missed_is_sent_again_at_once(sandbox, endpoint):
    sandbox.move(days=400)
    told(sandbox, taken=False)
    with in_client(sandbox.id):
        since = client_now() - A_DAY
        again: dict[str, Any] = {"actor": SETTING_UP, "reason": Reason.REVIEW, "at": wall_clock_now()}
        assert replay_since(endpoint, since=since, **again) == 1
        delivery = Delivery.objects.get()
        assert (delivery.state, delivery.due_at <= wall_clock_now()) == ("waiting", True)


# One mechanism


def test_sandboxes_ahead_are_looked_at_whatever_is_found(both, sandbox):
    def listed(found):
        with as_officer():
            return list_due_clients(lambda **_: found, at=wall_clock_now())

    indus, play = both
    assert listed([]) == []
    assert listed([indus]) == [indus]
    sandbox.move(days=1)
    assert listed([]) == [play]
    assert listed([indus, play]) == sorted([indus, play])


BY_THE_MACHINE = {
    "paktaleem/directory/access_links/tasks.py": "links and codes live by the machine's clock (decision 0023)",
    "paktaleem/directory/data_systems/tasks.py": "asks every client by its own; PakTaleem itself is no sandbox",
}
TASKS = sorted(
    path
    for root in ("paktaleem", "children", "consent", "retention", "rights")
    for path in (ROOT / root).rglob("tasks.py")
)


def selecting_functions(tree):
    """Return the functions that query all clients in officer context."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [one for one in functions if "as_officer()" in ast.unparse(one)]


def clock_reads_outside(function):
    """Return reads of the real clock that are not passed to the shared mechanism."""
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    reads = [one for one in calls if ast.unparse(one.func) == "real_now"]
    handed = [one for one in calls if ast.unparse(one.func) == "clients_to_look_at"]
    within = {id(inner) for one in handed for inner in ast.walk(one)}
    return [ast.unparse(one) for one in reads if id(one) not in within]


@pytest.mark.parametrize("path", TASKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_task_selects_clients_by_the_machines_clock_alone(path):
    if str(path.relative_to(ROOT)) not in BY_THE_MACHINE:
        for function in selecting_functions(ast.parse(path.read_text())):
            assert clock_reads_outside(function) == [], "call clients_to_look_at"


def test_that_test_can_fail():
    planted = ast.parse("def task():\n    with as_officer():\n        clients = clients_with_old(at=real_now())\n")
    [function] = selecting_functions(planted)
    assert clock_reads_outside(function) == ["real_now()"]
