"""Every kind of request from every channel, end to end: pages, API and the mini-LMS, until it is closed.

A row of ``KINDS`` says what is granted and what must follow; ``CHANNELS`` says how the request comes in. Nothing here
calls a service that a page or the API calls, except for the orders of PakTaleem's system, which people carry out.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from consent.tasks import order_limit
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.results import Answer
from paktaleem.directory.data_systems.services import carry_out_by_hand
from paktaleem.directory.data_systems.states import Outcome
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.tenancy.context import in_client
from rights.requests.models import RequestPart, RightsRequest
from rights.requests.services.matching import MATCH_SENDER
from rights.requests.tasks import match_sender_of_request
from tests.access_links import visiting
from tests.access_links.visiting import issue, latest_code, path_of, send, token_of, visitor
from tests.cast import Cast
from tests.console.pages import row_url
from tests.minilms.in_process import PortalInProcess
from tests.minilms.orders import take_open_orders
from tests.minilms.people import consent, register, store_record
from tests.minilms.store import Store
from tests.signing_in import browser_of
from tests.working import work

MODEL, PERSON = "rights/rightsrequest", "subjects/subject"
TASKS = {**visiting.TASKS, MATCH_SENDER: match_sender_of_request, "consent.issue_limit_orders": order_limit}
ORIGINS = iter(range(1, 250))


@dataclass(frozen=True)
class Kind:
    """Consequences of a granted request of a kind.

    ``denied`` are the purposes that the next decision refuses, with the reason; ``ordered`` is the kind of the orders;
    ``unclosable`` is what the desk says instead of closing it.
    """

    denied: dict[str, str] = field(default_factory=dict)
    ordered: str = ""
    is_decided_by_itself: bool = False
    unclosable: str = ""


KINDS = {
    "access": Kind(ordered="collect"),
    "portability": Kind(ordered="collect"),
    "rectification": Kind(ordered="correct"),
    "erasure": Kind(unclosable="erase the person first"),
    "restriction": Kind(denied={"service_delivery": "processing_restricted"}, ordered="restrict"),
    "objection": Kind(denied={"platform_improvement": "objection_in_force"}, ordered="object"),
    "withdrawal": Kind(denied={"newsletter": "consent_withdrawn"}, is_decided_by_itself=True),
    "complaint": Kind(),
}


class World:
    """Khyber, its learning platform with data, and the browsers of staff."""

    def __init__(self, cast: Cast, store: Store) -> None:
        self.cast, self.store = cast, store
        self.client_id = cast.client_id("khyber")
        self.portal = PortalInProcess("", cast.key("khyber"))
        self.celia, self.amina, self.sana = (browser_of(cast.user(name)) for name in ("celia", "amina", "sana"))

    def person(self, kind: str, channel: str) -> str:
        """Register an adult with the platform, with consent and data."""
        person = f"lms-{kind}-{channel}"
        register(
            self.store,
            self.portal,
            person,
            role="learner",
            full_name="Zoya Ahmed",
            email=f"{kind}.{channel}@mail.example",
            birth_date="1990-05-05",
        )
        consent(self.store, self.portal, person, "newsletter", "given")
        why = {"purpose": "service_delivery", "occasion": "assessment"}
        assert store_record(self.store, self.portal, person, "usage_logs", "opened Algebra", **why).allowed
        return person

    def subject_id(self, person: str) -> Any:
        """Return the portal's id of a person."""
        with in_client(self.client_id):
            return Subject.objects.get(client_id=self.client_id, external_id=person).pk

    def request(self, person: str) -> RightsRequest:
        """Return the one request of a person."""
        with in_client(self.client_id):
            found: RightsRequest = RightsRequest.objects.get(client_id=self.client_id, subject__external_id=person)
            return found

    def act(self, browser: Client, person: str, slug: str, **values: Any) -> Any:
        """Do an act on the page of a person's request."""
        return browser.post(row_url(MODEL, self.request(person).pk, slug), values)

    def reason(self, person: str, purpose: str) -> str:
        """Ask the portal whether a person's data may be used, as the platform does."""
        question = {
            "subject": {"type": "end_user", "id": person},
            "action": {"name": "process"},
            "resource": {"type": "purpose", "id": purpose},
        }
        return str(self.portal.post("/access/v1/evaluation", question).body["context"]["reason"])


@pytest.fixture
def world(cast: Cast, tmp_path: Path) -> Iterator[World]:
    """The world of one test."""
    with closing(Store(tmp_path / "lms.sqlite3")) as store:
        yield World(cast, store)


def by_form(world: World, person: str, kind: str) -> None:
    browser = visitor(REMOTE_ADDR=f"198.51.100.{next(ORIGINS)}")
    contact = person.removeprefix("lms-").replace("-", ".", 1) + "@mail.example"
    token = token_of(browser.get("/requests/khyber/"))
    values = {"csrfmiddlewaretoken": token, "kinds": [kind], "contact": contact, "details": "Please"}
    assert browser.post("/requests/khyber/", values).status_code == 200
    work(TASKS)
    link = re.search(r"/requests/link/\S+", str(mail.outbox[-1].body))
    assert link is not None
    assert send(browser, link[0]).status_code == 302
    work(TASKS)
    assert send(browser, "/requests/code/", code=latest_code()).status_code == 302
    key = str(world.request(person).pk)
    confirmed = send(browser, "/requests/mine/answer/", form_at="/requests/mine/", request=key, answer="confirm")
    assert confirmed.status_code == 302


def by_own_page(world: World, person: str, kind: str) -> None:
    browser = visitor()
    url = issue(world.cast, "khyber", person, page="requests").json()["url"]
    assert send(browser, path_of(url)).status_code == 302
    assert send(browser, "/requests/mine/new/", form_at="/requests/mine/", kinds=kind).status_code == 302


def by_api(world: World, person: str, kind: str) -> None:
    world.portal.post("/api/v1/rights-requests", {"subject": person, "kind": kind})


def by_client(world: World, person: str, kind: str) -> None:
    url = row_url(PERSON, world.subject_id(person), "rights-request")
    assert world.celia.post(url, {"kinds": [kind], "details": "At the counter"}).status_code == 302
    assert world.act(world.celia, person, "verify", method="client").status_code == 302


def by_telephone(world: World, person: str, kind: str) -> None:
    url = row_url(PERSON, world.subject_id(person), "rights-request")
    assert world.sana.post(url, {"kinds": [kind], "details": "By telephone"}).status_code == 302
    assert world.act(world.amina, person, "verify", method="call_back").status_code == 302


CHANNELS: dict[str, Callable[[World, str, str], None]] = {
    "form": by_form,
    "own_page": by_own_page,
    "api": by_api,
    "client": by_client,
    "telephone": by_telephone,
}


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_kind_is_carried_out_answered_and_closed(world: World, channel: str) -> None:
    for kind, expected in KINDS.items():
        person = world.person(kind, channel)
        for purpose in expected.denied:
            assert world.reason(person, purpose) == "permitted", kind
        CHANNELS[channel](world, person, kind)
        request = world.request(person)
        assert (request.channel, request.is_identity_verified) == (channel, True)
        _decide(world, person, kind, expected)
        for purpose, reason in expected.denied.items():
            assert world.reason(person, purpose) == reason, (kind, "in effect with the next decision")
        _carry_out(world, person, kind, expected)
        _answer_and_close(world, person, kind, expected)


def _decide(world: World, person: str, kind: str, expected: Kind) -> None:
    with in_client(world.client_id):
        parts = list(RequestPart.objects.filter(request=world.request(person)))
    assert {part.kind for part in parts} == {kind}
    assert all(bool(part.decision) is expected.is_decided_by_itself for part in parts)
    if kind == "rectification":
        stated = {"field": "full_name", "old_value": "Zoya Ahmed", "new_value": "Zoya Ahmad"}
        assert world.act(world.sana, person, "add-correction", **stated).status_code == 302
    for part in parts if not expected.is_decided_by_itself else ():
        browser, other = (world.celia, world.amina) if part.decider == "client" else (world.amina, world.celia)
        given = {"part": str(part.pk), "decision": "granted"}
        assert world.act(other, person, "decide", **given).status_code == 200, "only the controller decides"
        assert world.act(browser, person, "decide", **given).status_code == 302, kind


def _carry_out(world: World, person: str, kind: str, expected: Kind) -> None:
    key = world.subject_id(person)
    if expected.ordered:
        assert world.act(world.amina, person, "answer", text="It is done.").status_code == 302
        world.act(world.amina, person, "close")
        assert world.request(person).closed_at is None, (kind, "a system has not answered")
    work(TASKS)
    work(TASKS)
    with in_client(world.client_id):
        found = Order.objects.filter(subject_id=key).select_related("system")
        orders = [(one.system.code, one.kind, one.purpose) for one in found]
        assert {one[1] for one in orders} == ({expected.ordered} if expected.ordered else set())
        assert len(orders) == len(set(orders)), "each system is ordered once"
        assert not expected.ordered or "lms" in {one[0] for one in orders}
        by_hand: dict[str, Any] = {"actor": world.cast.actor("amina"), "at": timezone.now()}
        for order in found.filter(system__code="billing"):
            carry_out_by_hand(order, Answer(Outcome.NOT_APPLICABLE, reason="holds_none"), **by_hand)
    take_open_orders(world.store, world.portal)
    with in_client(world.client_id):
        left = Order.objects.filter(subject_id=key)
        states = {(one.system.code, one.state) for one in left.select_related("system")}
    assert states <= {("lms", "confirmed"), ("billing", "not_applicable")}, kind
    if kind == "rectification":
        assert world.store.held(person)["contact_details"][0]["full_name"] == "Zoya Ahmad"
        shown = world.celia.post(row_url(PERSON, key, "reveal"), {"fields_wanted": ["full_name"], "reason": "review"})
        assert "Zoya Ahmad" in shown.content.decode()


def _answer_and_close(world: World, person: str, kind: str, expected: Kind) -> None:
    mail.outbox.clear()
    if world.request(person).answered_at is None:
        assert world.act(world.amina, person, "answer", text="It is done.").status_code == 302
    work(TASKS)
    if not expected.ordered:
        assert [letter.to for letter in mail.outbox][-1:] == [[f"{person[4:].replace('-', '.', 1)}@mail.example"]], kind
        assert "It is done." in mail.outbox[-1].body
    closing_page = world.act(world.amina, person, "close")
    if expected.unclosable:
        assert expected.unclosable in closing_page.content.decode()
        return
    assert closing_page.status_code == 302, kind
    assert world.request(person).state == "closed", kind
