"""Every kind of request and every channel, end to end: pages, API and the mini-LMS, until it is closed.

Each kind comes in by two channels, each channel brings two kinds or three; ``make test-deep`` tries every kind by every
channel.

A row of ``KINDS`` says what is granted and what must follow; ``CHANNELS`` says how the request comes in. People act on
pages, the learning platform by the API, the worker in its tasks; only the orders of PakTaleem's own system are answered
by a service. The clock is moved where the portal waits: 72 hours until a new contact counts, the cooling-off of an
erasure, and the 14 days of a copy that no one fetches.
"""

import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from django.core import mail
from django.utils import timezone

from consent.tasks import order_limit
from integrations.minilms.orders import take_open_orders
from integrations.minilms.people import consent, register, store_record
from integrations.minilms.store import Store
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import carry_out_by_hand
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import COMPLETE_ERASURE
from paktaleem.directory.people.tasks import complete_answered_erasure
from paktaleem.foundation.tenancy.context import in_client
from rights.erasures.models import Certificate, ErasureProposal
from rights.erasures.services.proposals import CONTINUE, NOTIFY
from rights.erasures.tasks import continue_all_erasures, continue_one_erasure, notify_of_erasure
from rights.packages.services import BUILD
from rights.packages.tasks import build_one_package
from rights.requests.models import RequestPart, RightsRequest
from rights.requests.services.intake import MATCH_SENDER
from rights.requests.tasks import match_sender_of_request
from tests.access_links import visiting
from tests.access_links.visiting import issue, latest_code, path_of, send, token_of, visitor
from tests.console.pages import row_url
from tests.faults.size import IS_DEEP
from tests.keeping import dispose
from tests.minilms.connecting import PortalInProcess
from tests.rights.cases import AT
from tests.rights.mails import US, made, taken
from tests.rights.packing import unpacked
from tests.signing_in import browser_of
from tests.working import work as work_on

MODEL, PERSON, ERASURE = "requests/rightsrequest", "people/subject", "erasures/erasureproposal"
TASKS = {
    **visiting.TASKS,
    MATCH_SENDER: match_sender_of_request,
    "consent.issue_limit_orders": order_limit,
    BUILD: build_one_package,
    NOTIFY: notify_of_erasure,
    CONTINUE: continue_one_erasure,
    COMPLETE_ERASURE: complete_answered_erasure,
}
ORIGINS = iter(range(1, 250))
WAIT = timedelta(hours=73)
"""Longer than a new contact waits until it counts, and than the cooling-off of an adult's erasure."""
EXPIRY = timedelta(days=15)
"""Longer than a copy can be fetched."""


@dataclass(frozen=True)
class Kind:
    """Consequences of a granted request of a kind.

    ``denied`` are the purposes that the next decision refuses, with the reason; ``ordered`` is the kind of the orders
    that follow from the decision; ``waits`` is what the desk says instead of closing the answered request, and ``end``
    what then happens, after which it is closed.
    """

    denied: dict[str, str] = field(default_factory=dict)
    ordered: str = ""
    is_copy: bool = False
    is_decided_by_itself: bool = False
    waits: str = ""
    end: "Callable[[World, str], None] | None" = None


class World:
    """Khyber, its learning platform with data, the browsers of staff, and the clock."""

    def __init__(self, cast, store, clock):
        self.cast, self.store, self.clock = cast, store, clock
        self.client_id = cast.client_id("khyber")
        self.portal = PortalInProcess("", cast.key("khyber"))
        self.subjects: dict[str, UUID] = {}
        self.move(timedelta())

    def move(self, by):
        self.clock.move_to((timezone.now() if self.subjects else AT) + by)
        self.celia, self.amina, self.sana = (browser_of(self.cast.user(name)) for name in ("celia", "amina", "sana"))

    def person(self, kind, channel):
        person = f"lms-{kind}-{channel}"
        self.subjects[person] = UUID(
            register(
                self.store,
                self.portal,
                person,
                role="learner",
                full_name="Zoya Ahmed",
                email=contact_of(person),
                phone=f"+92300555{len(self.subjects):04}",
                birth_date="1990-05-05",
            )
        )
        consent(self.store, self.portal, person, "newsletter", "given")
        why = {"purpose": "service_delivery", "occasion": "assessment"}
        assert store_record(self.store, self.portal, person, "usage_logs", "opened Algebra", **why).allowed
        return person

    def request(self, person):
        with in_client(self.client_id):
            return RightsRequest.objects.get(subject_id=self.subjects[person])

    def act(self, browser, person, slug, **values):
        return browser.post(row_url(MODEL, self.request(person).pk, slug), values)

    def reason(self, person, purpose):
        question = {
            "subject": {"type": "end_user", "id": person},
            "action": {"name": "process"},
            "resource": {"type": "purpose", "id": purpose},
        }
        return str(self.portal.post("/access/v1/evaluation", question).body["context"]["reason"])

    def answer_orders(self, person):
        """Answer the open orders about a person, the platform from its data and PakTaleem by hand; return them all."""
        by_hand = {"actor": self.cast.actor("amina"), "at": timezone.now()}
        with in_client(self.client_id):
            found = Order.objects.filter(subject_id=self.subjects[person]).select_related("system")
            for order in found.filter(system__code="billing", ended_at=None):
                carry_out_by_hand(order, Answer(Outcome.NOT_APPLICABLE, reason="holds_none"), **by_hand)
        take_open_orders(self.store, self.portal)
        work()
        with in_client(self.client_id):
            answered = list(found.all())
        states = {(one.system.code, one.state) for one in answered}
        assert states <= {("lms", "confirmed"), ("billing", "not_applicable")}, person
        return answered


@pytest.fixture
def world(cast, tmp_path, settings, time_machine):
    settings.MAILBOX_ADDRESS, settings.MAIL_FOLDER = US, str(tmp_path)
    settings.TEXT_PROVIDER = "paktaleem.directory.mail.delivery.FolderProvider"
    with closing(Store(tmp_path / "lms.sqlite3")) as store:
        yield World(cast, store, time_machine)


def contact_of(person):
    return f"{person.removeprefix('lms-').replace('-', '.', 1)}@mail.example"


def work():
    work_on(TASKS)


def confirm_by_link(world, person, browser):
    sent = [re.search(r"/requests/link/\S+", str(one.body)) for one in mail.outbox if one.to == [contact_of(person)]]
    link = next(found[0] for found in reversed(sent) if found)
    assert send(browser, link).status_code == 302
    work()
    assert send(browser, "/requests/code/", code=latest_code()).status_code == 302
    key = str(world.request(person).pk)
    confirmed = send(browser, "/requests/mine/answer/", form_at="/requests/mine/", request=key, answer="confirm")
    assert confirmed.status_code == 302


def by_form(world, person, kind):
    browser = visitor(REMOTE_ADDR=f"198.51.100.{next(ORIGINS)}")
    token = token_of(browser.get("/requests/khyber/"))
    values = {"csrfmiddlewaretoken": token, "kinds": [kind], "contact": contact_of(person), "details": "Please"}
    assert browser.post("/requests/khyber/", values).status_code == 200
    work()
    confirm_by_link(world, person, browser)


def by_mail(world, person, kind):
    taken(made(f"Please: {kind}", sender=contact_of(person)))
    work()
    assert world.request(person).identity_verified_at is None, "an email proves nothing"
    confirm_by_link(world, person, visitor(REMOTE_ADDR=f"198.51.100.{next(ORIGINS)}"))
    assert world.act(world.amina, person, "add-rights", kinds=[kind]).status_code == 302


def by_own_page(world, person, kind):
    browser = own_page(world, person)
    assert send(browser, "/requests/mine/new/", form_at="/requests/mine/", kinds=kind).status_code == 302


def own_page(world, person):
    browser = visitor(REMOTE_ADDR=f"198.51.100.{next(ORIGINS)}")
    url = issue(world.cast, "khyber", person, page="requests").json()["url"]
    assert send(browser, path_of(url)).status_code == 302
    return browser


def by_api(world, person, kind):
    world.portal.post("/api/v1/rights-requests", {"subject": person, "kind": kind})


def by_client(world, person, kind):
    url = row_url(PERSON, world.subjects[person], "rights-request")
    assert world.celia.post(url, {"kinds": [kind], "details": "At the counter"}).status_code == 302
    assert world.act(world.celia, person, "verify").status_code == 302


def by_telephone(world, person, kind):
    url = row_url(PERSON, world.subjects[person], "rights-request")
    assert world.sana.post(url, {"kinds": [kind], "details": "By telephone"}).status_code == 302
    assert world.act(world.amina, person, "call-back", outcome="reached").status_code == 302


def fetch_the_copy(world, person):
    url, browser = f"/requests/copy/{world.request(person).pk}/", own_page(world, person)
    assert send(browser, url)["Location"].startswith("/requests/code/"), "no code yet"
    work()
    assert send(browser, "/requests/code/", code=latest_code()).status_code == 302
    download = send(browser, url)
    files = unpacked(b"".join(download.streaming_content))
    assert any(b"opened Algebra" in content for name, content in files.items() if "lms" in name), sorted(files)


def let_the_copy_expire(world, person):
    del person
    world.move(EXPIRY)
    dispose("packages")


def erase(world, person):
    with in_client(world.client_id):
        proposal = ErasureProposal.objects.get(subject_id=world.subjects[person], stage="proposed")
    assert (proposal.is_whole, proposal.request_id) == (True, world.request(person).pk)
    proposer, other = world.amina, world.celia
    if proposal.requested_role == "client_admin":
        proposer, other = other, proposer
    url = row_url(ERASURE, proposal.pk, "approve")
    assert proposer.post(url, {"reason": "review"}).status_code == 200, "a second person approves"
    assert other.post(url, {"reason": "review"}).status_code == 302
    work()
    continue_all_erasures(0)
    assert world.store.held(person), "nothing is erased during the cooling-off"
    world.move(WAIT)
    continue_all_erasures(0)
    work()
    assert world.act(world.amina, person, "close").status_code == 200, "systems have not erased yet"
    erased = {(one.system.code, one.kind) for one in world.answer_orders(person)}
    assert erased == {("lms", "erase"), ("billing", "erase")}
    assert not world.store.knows(person)
    continue_all_erasures(0)
    with in_client(world.client_id):
        assert Subject.objects.get(pk=world.subjects[person]).erased_at is not None
        assert Certificate.objects.filter(proposal=proposal).exists()


KINDS = {
    "access": Kind(ordered="collect", is_copy=True, waits="has not been fetched yet", end=fetch_the_copy),
    "portability": Kind(ordered="collect", is_copy=True, waits="has not been fetched yet", end=let_the_copy_expire),
    "rectification": Kind(ordered="correct"),
    "erasure": Kind(waits="closed once the erasure is certified", end=erase),
    "restriction": Kind(denied={"service_delivery": "processing_restricted"}, ordered="restrict"),
    "objection": Kind(denied={"platform_improvement": "objection_in_force"}, ordered="object"),
    "withdrawal": Kind(denied={"newsletter": "consent_withdrawn"}, is_decided_by_itself=True),
    "complaint": Kind(),
}
CHANNELS: dict[str, Callable[[World, str, str], None]] = {
    "form": by_form,
    "own_page": by_own_page,
    "api": by_api,
    "client": by_client,
    "telephone": by_telephone,
    "mail": by_mail,
}


def kinds_by(channel):
    at = list(CHANNELS).index(channel)
    return {
        kind: expected
        for n, (kind, expected) in enumerate(KINDS.items())
        if IS_DEEP or at in {n % len(CHANNELS), (n + 2) % len(CHANNELS)}
    }


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_kind_is_carried_out_answered_and_closed(world, channel):
    kinds = kinds_by(channel)
    people = {kind: world.person(kind, channel) for kind in kinds}
    world.move(WAIT)
    for kind, expected in kinds.items():
        person = people[kind]
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


def _decide(world, person, kind, expected):
    with in_client(world.client_id):
        parts = list(RequestPart.objects.filter(request=world.request(person)))
    questions = [part for part in parts if part.kind == "question"]
    assert {part.kind for part in parts} - {"question"} == {kind}
    assert bool(questions) is (world.request(person).channel == "mail"), "an email is a question first"
    assert all(bool(part.decision) is expected.is_decided_by_itself for part in parts if part not in questions)
    if kind == "rectification":
        stated = {"field": "full_name", "old_value": "Zoya Ahmed", "new_value": "Zoya Ahmad"}
        assert world.act(world.sana, person, "add-correction", **stated).status_code == 302
    for part in (one for one in parts if not one.decision):
        browser, other = (world.celia, world.amina) if part.decider == "client" else (world.amina, world.celia)
        given = {"part": str(part.pk), "decision": "granted"}
        world.act(other, person, "decide", **given)
        with in_client(world.client_id):
            assert RequestPart.objects.get(pk=part.pk).decision == "", "only the controller decides"
        assert world.act(browser, person, "decide", **given).status_code == 302, kind


def _carry_out(world, person, kind, expected):
    """Let systems answer the orders of a granted request; before that it is not closed, and a copy not answered."""
    if expected.ordered:
        answered = world.act(world.amina, person, "answer", text="It is done.")
        assert answered.status_code == (200 if expected.is_copy else 302), kind
        world.act(world.amina, person, "close")
        assert world.request(person).closed_at is None, (kind, "a system has not answered")
    work()
    orders = [(one.system.code, one.kind, one.purpose) for one in world.answer_orders(person)]
    assert {one[1] for one in orders} == ({expected.ordered} if expected.ordered else set())
    assert len(orders) == len(set(orders)), "each system is ordered once"
    assert not expected.ordered or "lms" in {one[0] for one in orders}
    if kind == "rectification":
        assert world.store.held(person)["contact_details"][0]["full_name"] == "Zoya Ahmad"
        url = row_url(PERSON, world.subjects[person], "reveal")
        shown = world.celia.post(url, {"fields_wanted": ["full_name"], "reason": "review"})
        assert "Zoya Ahmad" in shown.content.decode()


def _answer_and_close(world, person, kind, expected):
    if world.request(person).answered_at is None:
        mail.outbox.clear()
        assert world.act(world.amina, person, "answer", text="It is done.").status_code == 302, kind
        work()
    [letter] = [one for one in mail.outbox if "It is done." in str(one.body)][-1:]
    assert letter.to == [contact_of(person)], kind
    if expected.end is not None:
        refused = world.act(world.amina, person, "close")
        assert expected.waits in refused.content.decode(), kind
        expected.end(world, person)
    assert world.act(world.amina, person, "close").status_code == 302, kind
    assert world.request(person).state == "closed", kind
