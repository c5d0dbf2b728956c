"""Limits that a request brings about: ordered once, carried out, and lifted by two officers."""

import random
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from children.guardians.models import Guardianship
from children.guardians.services.guardians import end_guardian
from consent.consents.models import Objection, Restriction
from consent.consents.services.restrictions import (
    NotLegitimateInterest,
    object_to_purpose,
    request_lift,
    restrict_processing,
)
from consent.tasks import order_limit
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import accept_order, carry_out_by_hand, complete_order
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.changes import ProposedChange, decide_proposed_change
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.console.home_pages import Card
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.schedule.models import Hold, HoldKind
from rights.desk.admin.cases import overruling_board
from rights.desk.cases import (
    end_case,
    inform_before_lift,
    propose_overruling,
    read_grounds,
    request_lift_after_notice,
    settle_overruling,
)
from rights.desk.models import LiftNotice
from rights.desk.services import hand_over_request, record_call
from rights.requests.models import RequestLimit, RequestStep, RightsRequest
from rights.requests.services.closing import answer_request, close_request, link_duplicate
from rights.requests.services.decisions import RequestNotAllowed, decide_part
from rights.requests.services.intake import assign_person, match_sender
from rights.requests.services.steps import list_parts
from tests.console.pages import row_url
from tests.factories import SETTING_UP
from tests.rights.cases import AT, DAY, add_phone, decided, part_of, received, refused_to, verified, withdraw
from tests.rights.test_decisions import second_officer
from tests.rights.test_desk import opened
from tests.working import work

HOUR = timedelta(hours=1)
LATER = AT + HOUR
GROUND = "The dispute is settled."
TASKS = {"consent.issue_limit_orders": order_limit}
LIMITS = [("restriction", "newsletter", "restrict"), ("objection", "platform_improvement", "object")]


def restricted(cast, name="hamza"):
    amina = cast.actor("amina")
    return restrict_processing(cast.subject(name), actor=amina, reason=Reason.SUBJECT_REQUEST, at=AT)


def objected(cast, purpose="platform_improvement"):
    amina, hamza = cast.actor("amina"), cast.subject("hamza")
    return object_to_purpose(hamza, purpose_code=purpose, actor=amina, reason=Reason.SUBJECT_REQUEST, at=AT)


def test_a_restriction_is_lifted_only_after_the_person_was_informed(cast, indus):
    row, farah = restricted(cast), cast.actor("farah")
    with pytest.raises(Refused, match="Inform the person"):
        request_lift_after_notice(row, ground=GROUND, actor=farah, at=LATER)
    inform_before_lift(row, way="mail", actor=farah, at=LATER)
    assert Letter.objects.get(kind="rights_lift").subject_id == cast.subject_id("hamza")
    with pytest.raises(Refused, match="Inform the person"):
        request_lift_after_notice(row, ground=GROUND, actor=farah, at=LATER)
    assert not ProposedChange.objects.exists()
    change = request_lift_after_notice(row, ground=GROUND, actor=farah, at=LATER + HOUR)
    row.refresh_from_db()
    assert row.ends_at is None, "in force until a second person approves"
    decide_proposed_change(change, approve=True, actor=cast.actor("amina"), at=LATER + 2 * HOUR)
    row.refresh_from_db()
    assert row.ends_at == LATER + 2 * HOUR
    kinds = list(Entry.objects.filter(family="restriction").order_by("recorded_at").values_list("kind", flat=True))
    assert kinds == ["restriction.opened", "restriction.lift_announced", "restriction.lifted"]


def test_an_approval_does_not_lift_a_restriction_without_the_notice(cast, indus):
    row, farah, amina = restricted(cast), cast.actor("farah"), cast.actor("amina")
    other = restricted(cast, "iqra")
    inform_before_lift(other, way="by_hand", actor=farah, at=AT)
    change = request_lift(row, ground=GROUND, actor=farah, at=LATER)
    with pytest.raises(Refused, match="Inform the person"), transaction.atomic():
        decide_proposed_change(change, approve=True, actor=amina, at=LATER)
    row.refresh_from_db()
    change.refresh_from_db()
    assert (row.ends_at, change.state) == (None, "waiting")
    inform_before_lift(row, way="by_hand", actor=farah, at=LATER)
    decide_proposed_change(change, approve=True, actor=amina, at=LATER + HOUR)
    row.refresh_from_db()
    assert row.ends_at == LATER + HOUR


def test_staff_inform_a_person_without_an_email_address_before_the_lift(cast, indus):
    row, farah = restricted(cast, "iqra"), cast.actor("farah")
    with pytest.raises(ValidationError, match="no email address"):
        inform_before_lift(row, way="mail", actor=farah, at=LATER)
    assert inform_before_lift(row, way="by_hand", actor=farah, at=LATER).way == "by_hand"
    refused_to(cast, "sana bilal celia", inform_before_lift, row, way="by_hand", at=LATER)
    assert LiftNotice.objects.count() == 1


def test_before_a_lift_the_guardian_who_requested_the_restriction_is_informed_and_not_the_child(cast, indus):
    verified(cast)
    given = {"subject": "danish", "requester": cast.subject("esra"), "purposes": ["newsletter"]}
    decided(cast, received(cast, "restriction", **given))
    inform_before_lift(Restriction.objects.get(), way="mail", actor=cast.actor("farah"), at=LATER)
    letter = Letter.objects.get(kind="rights_lift")
    assert letter.subject_id == cast.subject_id("esra"), "the child is not to learn of the request"
    end_guardian(Guardianship.objects.get(), actor=SETTING_UP, at=LATER)
    with pytest.raises(RequestNotAllowed):
        inform_before_lift(Restriction.objects.get(), way="mail", actor=cast.actor("farah"), at=LATER + HOUR)
    assert Letter.objects.filter(kind="rights_lift").count() == 1


def test_no_lift_is_announced_to_a_contact_that_changed_in_the_last_72_hours(cast, indus):
    row, farah = restricted(cast), cast.actor("farah")
    changed = {"actor": SETTING_UP, "at": AT, "client": cast.client("indus")}
    register_subject("lms-hamza", details={"email": "impostor@mail.example"}, **changed)
    with pytest.raises(ValidationError, match="less than 72 hours ago"):
        inform_before_lift(row, way="mail", actor=farah, at=AT + 71 * HOUR)
    assert not LiftNotice.objects.exists()
    assert inform_before_lift(row, way="mail", actor=farah, at=AT + 73 * HOUR).way == "mail"


def test_an_objection_is_recorded_only_where_the_basis_is_legitimate_interest(cast, indus):
    for purpose in ("service_delivery", "newsletter"):
        with pytest.raises(NotLegitimateInterest):
            objected(cast, purpose)
    assert not Objection.objects.exists()
    assert objected(cast).ends_at is None


def test_overruling_takes_two_officers_and_sealed_grounds(cast, indus):
    row, amina = objected(cast), cast.actor("amina")
    with pytest.raises(ValidationError, match="compelling grounds"):
        propose_overruling(row, ground=" ", actor=amina, at=LATER)
    propose_overruling(row, ground="Court order 17/2026", actor=amina, at=LATER)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(r)::text FROM desk_overruling r")
        assert "Court order" not in cursor.fetchone()[0]
    row.refresh_from_db()
    assert row.ends_at is None, "in force until a second officer agrees"
    [line] = overruling_board(amina, LATER)
    assert isinstance(line, Card)
    assert line.url == row_url("consent/objection", row.pk)
    assert overruling_board(cast.actor("farah"), LATER) == []
    with pytest.raises(Refused, match="already proposed"):
        propose_overruling(row, ground="Again", actor=second_officer(cast), at=LATER)
    assert read_grounds(row, actor=second_officer(cast), at=LATER) == "Court order 17/2026"
    assert settle_overruling(row, approve=True, actor=second_officer(cast), at=LATER).ends_at == LATER
    assert Entry.objects.filter(kind="objection.overruling_settled").count() == 1
    assert overruling_board(amina, LATER) == []


def test_a_declined_overruling_leaves_the_objection_in_force(cast, indus):
    row, amina = objected(cast), cast.actor("amina")
    with pytest.raises(Refused, match="Nothing was proposed"):
        settle_overruling(row, approve=True, actor=amina, at=LATER)
    propose_overruling(row, ground="Weak", actor=amina, at=LATER)
    assert settle_overruling(row, approve=False, actor=second_officer(cast), at=LATER).ends_at is None
    refused_to(cast, "farah sana bilal", propose_overruling, row, ground="No", at=LATER)


@pytest.fixture
def now():
    return timezone.now()


def granted(cast, kind, purpose, now):
    request = decided(cast, received(cast, kind, purposes=[purpose], at=now), at=now)
    return answer_request(request, text="It is done.", actor=cast.actor("amina"), at=now)


def fresh(request):
    return RightsRequest.objects.get(pk=request.pk)


@pytest.mark.parametrize(("kind", "purpose", "ordered"), LIMITS)
def test_a_request_stays_open_until_every_system_has_answered_the_orders_of_its_limits(
    cast, now, kind, purpose, ordered
):
    client_id, farah = cast.client_id("indus"), cast.actor("farah")
    with in_client(client_id):
        request = granted(cast, kind, purpose, now)
        with pytest.raises(Refused, match="A system has not answered yet, and was not"):
            close_request(request, actor=farah, at=now)
    work(TASKS)
    work(TASKS)
    with in_client(client_id):
        orders = list(Order.objects.select_related("system").order_by("system__code"))
        assert {one.kind for one in orders} == {ordered}
        assert len({one.system.code for one in orders}) == len(orders), "each system once"
        for order in orders:
            with pytest.raises(Refused, match="A system has not answered yet, and was not"):
                close_request(request, actor=farah, at=now)
            _answer(cast, order, now)
        assert RequestStep.objects.filter(request=request, kind="orders_answered").count() == 1
        assert RequestLimit.objects.filter(request=request).count() == 1
        assert close_request(request, actor=farah, at=now).state == "closed"


def _answer(cast, order, now):
    if order.system.code == "lms":
        key = cast.key_actor("indus")
        complete_order(accept_order(order, actor=key, at=now), Answer(Outcome.DONE), actor=key, at=now)
    else:
        answer = Answer(Outcome.NOT_APPLICABLE, reason="legal_duty")
        carry_out_by_hand(order, answer, actor=cast.actor("amina"), at=now)


def test_a_second_request_about_the_same_purpose_waits_for_the_same_orders(cast, now):
    with in_client(cast.client_id("indus")):
        granted(cast, "objection", "platform_improvement", now)
        again = granted(cast, "objection", "platform_improvement", now)
        assert Objection.objects.count() == 1
    work(TASKS)
    with in_client(cast.client_id("indus")):
        kinds = list(Order.objects.values_list("system__code", flat=True))
        assert len(kinds) == len(set(kinds)), "the objection in force is not ordered twice"
        with pytest.raises(Refused, match="A system has not answered yet, and was not"):
            close_request(again, actor=cast.actor("farah"), at=now)


def test_an_objection_only_partly_in_scope_is_not_granted_whole(cast, now):
    with in_client(cast.client_id("indus")):
        request = received(cast, "objection", purposes=["platform_improvement", "payment_billing"], at=now)
        part, amina = part_of(request, "paktaleem"), cast.actor("amina")
        with pytest.raises(Refused, match="Some of these purposes are not based on legit"):
            decide_part(part, decision="granted", actor=amina, at=now)
        told = {"refusal_code": "outside_scope", "reasons": "Billing rests on the contract."}
        decide_part(part, decision="partly", **told, actor=amina, at=now)
        assert list(Objection.objects.values_list("purpose_code", flat=True)) == ["platform_improvement"]
        assert [one.decision for one in list_parts(request)] == ["partly"]


def test_the_page_shows_the_orders_of_the_limits_and_why_a_system_did_nothing(sign_in, cast, now):
    with in_client(cast.client_id("indus")):
        request = granted(cast, "restriction", "newsletter", now)
    work(TASKS)
    with in_client(cast.client_id("indus")):
        [order] = Order.objects.filter(system__code="lms")
        key = cast.key_actor("indus")
        answer = Answer(Outcome.NOT_APPLICABLE, reason="holds_none")
        complete_order(accept_order(order, actor=key, at=now), answer, actor=key, at=now)
    page = sign_in("farah").get(row_url("requests/rightsrequest", request.pk)).content.decode()
    assert "Orders to systems" in page
    assert "Restrict processing" in page
    assert "Not applicable: It holds none of these data about anyone" in page


# A request of a known person holds their data until it ends, and an authority's case until its outcome.
PEOPLE = ["hamza", "junaid", "danish"]
AFTER = AT + DAY


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
    assert Hold.objects.get().review_on == AFTER.date()


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
        assign_person(request, subject=cast.subject(name), actor=cast.actor("amina"), at=AFTER)
        assert open_holds() == [(request.pk, cast.subject_id("junaid"))]


def test_a_request_that_ends_lifts_its_hold_and_no_other(cast, indus):
    ended, other = received(cast, "access"), received(cast, "rectification")
    withdraw(cast, ended, AFTER)
    assert open_holds() == [(other.pk, cast.subject_id("hamza"))]
    assert Hold.objects.exclude(lifted_at=None).get().related_id == ended.pk


class Story:
    """Random acts on requests of Indus, and of PakTaleem that are handed over."""

    def __init__(self, cast, seed):
        self.cast = cast
        self.told: dict[str, Any] = {"actor": cast.actor("amina"), "at": AFTER}
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
            withdraw(self.cast, request, AFTER)

    def close(self):
        request = decided(self.cast, self.request(), "refused", AFTER, refusal_code="outside_scope", reasons="No.")
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
    withdraw(cast, request, AFTER)
    assert (open_holds(HoldKind.COMPLAINT), open_holds()) == ([(case.pk, cast.subject_id("hamza"))], [])
    end_case(case, outcome="rejected", ended_on=AT.date(), actor=cast.actor("farah"), at=AFTER)
    assert open_holds(HoldKind.COMPLAINT) == []


def test_the_hold_of_a_case_moves_with_the_request_to_the_person(cast, indus):
    request = received(cast, "complaint", subject=None, channel="form")
    case = opened(cast, request)
    assert open_holds(HoldKind.COMPLAINT) == []
    for name in ("hamza", "junaid"):
        assign_person(request, subject=cast.subject(name), actor=cast.actor("amina"), at=AFTER)
        assert open_holds(HoldKind.COMPLAINT) == [(case.pk, cast.subject_id(name))]
