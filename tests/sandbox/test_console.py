"""A sandbox in the console: marked on every page with its clock, and controlled on its client's page."""

from datetime import timedelta

import pytest

from paktaleem.directory.data_systems.models import Ground, OrderKind
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders
from paktaleem.directory.people.models import Subject
from paktaleem.directory.webhooks.services import add_endpoint
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from tests.console.pages import list_url, row_url, typed
from tests.factories import SETTING_UP, make_staff
from tests.signing_in import browser_of

MARK = 'class="sandbox"'


@pytest.fixture
def admin(sandbox):
    """The administrator of the sandbox, signed in."""
    return browser_of(make_staff("dev@play.example", ("client_admin", sandbox.id)))


def test_every_page_says_so_with_the_sandboxs_time(cast, sandbox, admin):
    sandbox.move(to="2031-05-01T12:00:00Z")
    for url in ("/admin/", "/admin/subjects/subject/", row_url("accounts/client", sandbox.id)):
        page = admin.get(url).content.decode()
        assert MARK in page
        assert "2031-05-01 17:0" in page
    assert MARK not in browser_of(cast.user("farah")).get("/admin/").content.decode()
    assert MARK not in browser_of(cast.user("amina")).get("/admin/").content.decode()


def test_its_administrator_moves_the_clock_and_starts_over(sandbox, admin):
    url = row_url("accounts/client", sandbox.id, "move-clock")
    assert admin.get(url).status_code == 200
    wanted = (wall_clock_now() + timedelta(days=500)).replace(microsecond=0)
    answer = admin.post(url, typed("to", wanted))
    assert answer.status_code == 302, answer.content.decode()
    assert sandbox.caller.get("/api/v1/sandbox/clock").json()["ahead_seconds"] > 499 * 86_400
    back = admin.post(url, {"to_0": "2020-01-01", "to_1": "00:00:00"})
    assert "The clock only moves forward" in back.content.decode()
    assert admin.post(row_url("accounts/client", sandbox.id, "start-over")).status_code == 302
    assert sandbox.caller.get("/api/v1/sandbox/clock").json()["ahead_seconds"] == 0
    with in_client(sandbox.id):
        assert not Subject.objects.exists()


def test_its_administrator_forces_a_state_and_sees_the_answer(sandbox, admin):
    url = row_url("accounts/client", sandbox.id, "force-state")
    assert "consent withdrawn → consent withdrawn" in admin.get(url).content.decode()
    told = {"subject": "p-adult", "state": "consent_withdrawn", "purpose": ""}
    page = admin.post(url, told, follow=True).content.decode()
    assert "The next decision about p-adult and newsletter will have the reason consent_withdrawn." in page
    assert sandbox.caller.reason("p-adult", "newsletter") == "consent_withdrawn"
    for wrong, words in (
        ({"purpose": "nowhere"}, "There is no such purpose."),
        ({"purpose": "support"}, "It does not fit this state."),
        ({"subject": "a@b"}, "@"),
        ({"state": "happy"}, "happy"),
    ):
        assert words in admin.post(url, told | wrong, follow=True).content.decode(), wrong
    admin.post(url, {"subject": "p-gone", "state": "erased"})
    assert "This person was erased" in admin.post(url, {"subject": "p-gone", "state": "child"}).content.decode()


def test_an_officer_does_so_in_the_sandboxs_own_time(cast, sandbox):
    sandbox.move(days=100)
    amina = browser_of(cast.user("amina"))
    wanted = (wall_clock_now() + timedelta(days=200)).replace(microsecond=0)
    told = typed("to", wanted)
    assert amina.post(row_url("accounts/client", sandbox.id, "move-clock"), told).status_code == 302
    ahead = timedelta(seconds=sandbox.caller.get("/api/v1/sandbox/clock").json()["ahead_seconds"])
    assert timedelta(days=199) < ahead <= timedelta(days=200)


def test_no_other_client_is_played_with(cast):
    for name in ("amina", "farah"):
        browser, client_id = browser_of(cast.user(name)), cast.client_id("indus")
        page = browser.get(row_url("accounts/client", client_id)).content.decode()
        assert "Start over" not in page
        for slug, told in (("start-over", {}), ("force-state", {"subject": "lms-danish", "state": "erased"})):
            answer = browser.post(row_url("accounts/client", client_id, slug), told)
            assert "This client is no sandbox." in answer.content.decode()
    with in_client(cast.client_id("indus")):
        assert Subject.objects.filter(external_id="lms-danish").exists()
        assert Client.objects.get(id=cast.client_id("indus")).clock_offset == timedelta()


# Officers' view of all clients


@pytest.fixture
def rows(sandbox):
    """Pages about rows of the sandbox, by model."""
    with in_client(sandbox.id):
        subject = Subject.objects.get(external_id="p-adult")
        told = OrderSpec(
            kind=OrderKind.ERASE,
            reason=Reason.SUBJECT_REQUEST,
            ground=Ground.RIGHT_OF_THE_PERSON,
            categories=frozenset({"contact_details"}),
            due_at=client_now() + timedelta(days=30),
        )
        order, *_ = issue_orders(subject, told, actor=SETTING_UP, at=client_now())
        endpoint, _ = add_endpoint(
            sandbox.id, url="https://lms.example/hooks", events=["order.*"], actor=SETTING_UP, at=client_now()
        )
        entry = Entry.objects.filter(kind="order.created").latest("id")
    return {
        "accounts/client": sandbox.id,
        "subjects/subject": subject.pk,
        "systems/order": order.pk,
        "webhooks/endpoint": endpoint.pk,
        "accounts/apikey": sandbox.key.pk,
        "ledger/entry": entry.pk,
    }


@pytest.mark.parametrize("name", ["amina", "bilal"])
def test_in_the_view_of_all_clients_a_sandboxs_row_says_so_with_its_name_and_time(cast, sandbox, rows, name):
    sandbox.move(to="2031-05-01T12:00:00Z")
    browser, seen = browser_of(cast.user(name)), set()
    for model, row in rows.items():
        answer = browser.get(row_url(model, row))
        page = answer.content.decode()
        if name == "amina" or answer.status_code == 200:
            seen.add(model)
            assert MARK in page, model
            assert "<bdi>Playground</bdi>" in page
            assert "2031-05-01 17:0" in page
            assert ("Move the clock, force a state" in page) == (name == "amina"), "an auditor plays with nothing"
    assert seen >= {"accounts/client", "subjects/subject", "systems/order", "ledger/entry"}


def test_so_do_its_acts_its_history_and_lists_narrowed_to_it(cast, sandbox, rows):
    amina = browser_of(cast.user("amina"))
    person = rows["subjects/subject"]
    for url in (
        row_url("subjects/subject", person, "history"),
        row_url("subjects/subject", person, "erase"),
        row_url("webhooks/endpoint", rows["webhooks/endpoint"], "disable"),
        f"{list_url('subjects/subject')}?client__id__exact={sandbox.id}",
    ):
        answer = amina.get(url)
        assert answer.status_code == 200, url
        assert MARK in answer.content.decode(), url


def test_other_clients_rows_and_lists_of_all_do_not(cast, sandbox, rows):
    amina = browser_of(cast.user("amina"))
    indus = cast.client_id("indus")
    for url in (
        "/admin/",
        list_url("subjects/subject"),
        f"{list_url('subjects/subject')}?client__id__exact={indus}",
        row_url("accounts/client", indus),
        row_url("subjects/subject", cast.subject_id("danish")),
        row_url("accounts/user", cast.user_id("farah")),
    ):
        answer = amina.get(url)
        assert answer.status_code == 200, url
        assert MARK not in answer.content.decode(), url
