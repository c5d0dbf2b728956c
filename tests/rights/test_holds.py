"""A request of a known person holds their data until it ends, and an authority's case until its outcome."""

import random
from contextlib import suppress
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.schedule.models import Hold, HoldKind
from rights.desk.cases import end_case
from rights.desk.services import hand_over_request, record_call
from rights.requests.models import RightsRequest
from rights.requests.services.closing import answer_request, close_request, link_duplicate
from rights.requests.services.intake import assign_person, match_sender
from tests.rights.cases import AT, DAY, add_phone, decided, received, withdraw
from tests.rights.test_desk import opened

PEOPLE = ["hamza", "junaid", "danish"]
LATER = AT + DAY


def open_holds(kind=HoldKind.OPEN_REQUEST):
    return sorted(Hold.objects.open().filter(kind=kind).values_list("related_id", "subject_id"))


def open_requests():
    found = RightsRequest.objects.open().filter(subject__isnull=False)
    return sorted(found.values_list("pk", "subject_id"))


def test_a_request_of_a_known_person_holds_all_their_data_until_its_due_day(cast, indus):
    request = received(cast, "access", purposes=["newsletter"])
    [hold] = Hold.objects.all()
    assert (hold.subject_id, hold.category, hold.system_id) == (cast.subject_id("hamza"), "", None)
    assert (hold.related_id, hold.review_on, request.number in hold.ground) == (request.pk, request.due_at.date(), True)
    assert not Entry.objects.filter(kind__startswith="hold.").exists(), "the request's own entries say so"


def test_a_request_that_staff_enter_late_is_reviewed_tomorrow_at_the_earliest(cast, indus):
    received(cast, "access", received_at=AT - 29 * DAY - DAY / 2)
    assert Hold.objects.get().review_on == LATER.date()


def test_receiving_a_request_takes_two_statements_more(cast, indus):
    with CaptureQueriesContext(connection) as queries:
        received(cast, "access")
    about = [one["sql"] for one in queries.captured_queries if "schedule_" in one["sql"]]
    assert [sql.split()[0] for sql in about] == ["INSERT", "INSERT"]


def test_a_request_without_a_person_holds_nothing_until_it_is_matched(cast, indus):
    request = received(cast, "access", subject=None, channel="form", contact="hamza.lodhi@students.example")
    assert open_holds() == []
    assert match_sender(request, address=lambda token: f"https://x/{token}", actor=system_actor("tests"), at=AT)
    assert open_holds() == [(request.pk, cast.subject_id("hamza"))]


def test_a_request_assigned_to_another_person_moves_its_hold(cast, indus):
    request = received(cast, "access", identity="", channel="form")
    for name in ("junaid", "junaid"):
        assign_person(request, subject=cast.subject(name), actor=cast.actor("amina"), at=LATER)
        assert open_holds() == [(request.pk, cast.subject_id("junaid"))]


def test_a_request_that_ends_lifts_its_hold_and_no_other(cast, indus):
    ended, other = received(cast, "access"), received(cast, "rectification")
    withdraw(cast, ended, LATER)
    assert open_holds() == [(other.pk, cast.subject_id("hamza"))]
    assert Hold.objects.exclude(lifted_at=None).get().related_id == ended.pk


class Story:
    """Random acts on requests of Indus, and of PakTaleem that are handed over."""

    def __init__(self, cast, seed):
        self.cast = cast
        self.told: dict[str, Any] = {"actor": cast.actor("amina"), "at": LATER}
        self.pick = random.Random(seed)  # noqa: S311 -- a seeded choice of acts

    def request(self):
        return self.pick.choice(list(RightsRequest.objects.order_by("pk")))

    def receive(self):
        name = self.pick.choice([*PEOPLE, None])
        verified = {"identity": "lms"} if name and self.pick.random() < 0.5 else {"identity": "", "channel": "form"}
        received(self.cast, self.pick.choice(["access", "question"]), subject=name, **verified)

    def assign(self):
        assign_person(self.request(), subject=self.cast.subject(self.pick.choice(PEOPLE)), **self.told)

    def call(self):
        record_call(self.request(), outcome=self.pick.choice(["not_them", "reached", "not_reached"]), **self.told)

    def link(self):
        link_duplicate(self.request(), other=self.request(), **self.told)

    def withdraw(self):
        if (request := self.request()).subject_id is not None:
            withdraw(self.cast, request, LATER)

    def close(self):
        request = decided(self.cast, self.request(), "refused", LATER, refusal_code="outside_scope", reasons="No.")
        answer_request(request, text="No.", **self.told)
        close_request(request, **self.told)

    def hand_over(self):
        with in_client(PAKTALEEM):
            told = {"subject": None, "client": "paktaleem", "channel": "form"}
            request = received(self.cast, "access", contact="hamza.lodhi@students.example", **told)
        with as_officer():
            hand_over_request(request, client=self.cast.client("indus"), **self.told)

    def complain(self):
        opened(self.cast, self.request())

    def act(self):
        acts = [self.receive, self.assign, self.call, self.link, self.withdraw, self.close, self.hand_over]
        chosen = self.pick.choice([*acts, self.receive, self.complain])
        with suppress(PortalError, ValidationError), transaction.atomic():
            if chosen == self.hand_over:
                chosen()
            else:
                with in_client(self.cast.client_id("indus")):
                    chosen()


@pytest.mark.parametrize("seed", [0, 1, 3, 4])
def test_whatever_is_done_a_hold_is_open_as_long_as_its_request_with_a_person(cast, seed):
    add_phone(cast)
    story = Story(cast, seed)
    with in_client(cast.client_id("indus")):
        for _ in range(5):
            story.receive()
    for _ in range(25):
        story.act()
        with as_officer():
            assert open_holds() == open_requests()
    with as_officer():
        states = set(RightsRequest.objects.values_list("state", flat=True))
    assert len(states & {"closed", "withdrawn", "duplicate"}) >= 2, "the story ends requests in several ways"


def test_an_authoritys_case_holds_the_data_until_its_outcome(cast, indus):
    case = opened(cast, received(cast, "complaint"))
    assert open_holds(HoldKind.COMPLAINT) == [(case.pk, cast.subject_id("hamza"))]
    end_case(case, outcome="rejected", ended_on=AT.date(), actor=cast.actor("farah"), at=AT)
    assert open_holds(HoldKind.COMPLAINT) == []
    assert len(open_holds()) == 1, "the request itself is open"
    kinds = Entry.objects.filter(kind__startswith="hold.").values_list("kind", flat=True)
    assert set(kinds) == {"hold.placed", "hold.lifted"}


def test_a_withdrawn_request_ends_no_proceedings_so_the_hold_of_the_case_stays_until_its_outcome(cast, indus):
    request = received(cast, "complaint")
    case = opened(cast, request)
    withdraw(cast, request, LATER)
    assert (open_holds(HoldKind.COMPLAINT), open_holds()) == ([(case.pk, cast.subject_id("hamza"))], [])
    end_case(case, outcome="rejected", ended_on=AT.date(), actor=cast.actor("farah"), at=LATER)
    assert open_holds(HoldKind.COMPLAINT) == []


def test_the_hold_of_a_case_moves_with_the_request_to_the_person(cast, indus):
    request = received(cast, "complaint", subject=None, channel="form")
    case = opened(cast, request)
    assert open_holds(HoldKind.COMPLAINT) == []
    for name in ("hamza", "junaid"):
        assign_person(request, subject=cast.subject(name), actor=cast.actor("amina"), at=LATER)
        assert open_holds(HoldKind.COMPLAINT) == [(case.pk, cast.subject_id(name))]
