"""Webhook events of cases: concerns under that name, and requests that exercise a right as rights requests."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from children.concerns.admin.concerns import ConcernAdmin
from children.concerns.models import Concern
from children.concerns.services import (
    close_concern,
    confirm_deletion,
    open_concern,
    purge_concerns,
    read_concern,
    record_data_request,
)
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.results import Answer
from paktaleem.directory.data_systems.services import accept_order, carry_out_by_hand, complete_order
from paktaleem.directory.data_systems.states import Outcome
from paktaleem.directory.webhooks.models import Message
from paktaleem.directory.webhooks.services.sending import payload
from paktaleem.foundation.accounts.actors import person_actor, system_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from tests.children.guardians import verified_guardian
from tests.console.pages import list_url, row_url
from tests.factories import SETTING_UP
from tests.signing_in import browser_of
from tests.webhooks.making import make_endpoint

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
NO_SUCH_PERSON = Answer(Outcome.NOT_FOUND)
DUE = (AT + 30 * DAY).isoformat()
PERSONAL = re.compile(r"esra|danish|mother|worr|please|@|\+92", re.IGNORECASE)


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Freeze the clock in the morning."""
    time_machine.move_to(AT, tick=False)


@pytest.fixture
def indus(cast):
    """Verify Danish's mother and subscribe the platform to both families of events."""
    with in_client(cast.client_id("indus")):
        verified_guardian(cast.subject("danish"), cast.subject("esra"), at=AT - DAY)
        make_endpoint(cast, "indus", at=AT - DAY, events=["concern.*", "rights_request.*"])
        yield cast


def told():
    """Return type and data of every message in order, after checking that they contain only ids and codes."""
    messages = [json.loads(payload(one)) for one in Message.objects.order_by("pk")]
    assert not PERSONAL.search(json.dumps(messages))
    for one in messages:
        assert str(Entry.objects.get(pk=one["data"].pop("id")).kind) == one["type"]
    return [(one["type"], one["data"]) for one in messages]


def asked(cast, wish):
    mother = person_actor(cast.subject_id("esra"), cast.client_id("indus"), acts_for=cast.subject_id("danish"))
    words = {"text": "Danish's mother, please.", "wish": wish, "guardian": cast.subject("esra")}
    return record_data_request(cast.subject("danish"), **words, actor=mother, at=AT)


def answer_all(case, cast):
    told, key = {one.system.code: one for one in Order.objects.filter(parent_id=case.pk)}, cast.key_actor("indus")
    complete_order(accept_order(told["lms"], actor=key, at=AT + DAY), NO_SUCH_PERSON, actor=key, at=AT + DAY)
    carry_out_by_hand(told["billing"], NO_SUCH_PERSON, actor=cast.actor("amina"), at=AT + DAY)


def close(case, cast, outcome="acted"):
    return close_concern(case, outcome=outcome, actor=cast.actor("farah"), reason=Reason.SUBJECT_REQUEST, at=AT + DAY)


def test_a_concern_about_an_unknown_child_has_no_person(indus):
    words: dict[str, Any] = {"text": "I worry about Danish.", "contact": "esra@mail.example", "language": "en"}
    case = open_concern(indus.client_id("indus"), **words, actor=SETTING_UP, at=AT)
    close(case, indus, "answered")
    own = {"subject_id": None, "concern": str(case.pk), "kind": "concern"}
    assert told() == [("concern.received", {**own, "due_at": DUE}), ("concern.closed", {**own, "outcome": "answered"})]


@pytest.mark.parametrize(
    ("wish", "right", "steps"),
    [("copy", "access", ["received", "ordered"]), ("deletion", "erasure", ["received"])],
)
def test_a_guardians_request_is_sent_as_a_rights_request_about_the_child(indus, wish, right, steps):
    case = asked(indus, wish)
    own = {"subject_id": str(indus.subject_id("danish")), "rights_request": str(case.pk), "kind": right}
    expected = [
        (f"rights_request.{step}", {**own, **({"due_at": DUE} if step == "received" else {})}) for step in steps
    ]
    assert told() == expected


def test_every_step_of_a_deletion_is_sent(indus):
    case = asked(indus, "deletion")
    confirm_deletion(case, actor=indus.actor("farah"), reason=Reason.SUBJECT_REQUEST, at=AT + DAY)
    answer_all(case, indus)
    close(case, indus)
    own = {"subject_id": str(indus.subject_id("danish")), "rights_request": str(case.pk), "kind": "erasure"}
    assert told() == [
        ("rights_request.received", {**own, "due_at": DUE}),
        ("rights_request.ordered", own),
        ("rights_request.orders_answered", own),
        ("rights_request.closed", {**own, "outcome": "acted"}),
    ]


def test_every_step_of_a_copy_is_sent(indus):
    case = asked(indus, "copy")
    answer_all(case, indus)
    close(case, indus, "answered")
    assert [kind.partition(".")[2] for kind, _ in told()] == ["received", "ordered", "orders_answered", "closed"]
    assert {data["kind"] for _, data in told()} == {"access"}


def test_a_deletion_that_the_client_declines_is_sent_as_closed(indus):
    close(asked(indus, "deletion"), indus, "declined")
    assert [(kind, data.get("outcome")) for kind, data in told()] == [
        ("rights_request.received", None),
        ("rights_request.closed", "declined"),
    ]


@pytest.mark.parametrize(("listens", "hears"), [("concern.*", ["concern.received"]), ("rights_request.*", [])])
def test_each_family_is_subscribed_to_by_itself(cast, listens, hears):
    with in_client(cast.client_id("indus")):
        verified_guardian(cast.subject("danish"), cast.subject("esra"), at=AT - DAY)
        make_endpoint(cast, "indus", at=AT - DAY, events=[listens])
        open_concern(cast.client_id("indus"), text="Worried.", language="en", actor=SETTING_UP, at=AT)
        assert [kind for kind, _ in told()] == hears
        asked(cast, "deletion")
        heard = [kind for kind, _ in told()]
    assert heard == (hears or ["rights_request.received"])


def test_reading_and_deleting_a_text_are_recorded_under_its_family_and_not_sent(indus, settings):
    case = close(asked(indus, "deletion"), indus, "declined")
    late = AT + DAY + timedelta(days=settings.CONCERN_KEPT_DAYS)
    read_concern(case, actor=indus.actor("amina"), reason=Reason.REVIEW, at=AT + DAY)
    assert purge_concerns(case.client_id, actor=system_actor("tests"), at=late) == 1
    kinds = Entry.objects.filter(family="rights_request").order_by("pk").values_list("kind", flat=True)
    assert [kind.partition(".")[2] for kind in kinds] == ["received", "closed", "read", "forgotten"]
    assert len(told()) == 2
    assert not Entry.objects.filter(family="concern").exists()


def test_a_case_shows_its_acts_also_those_that_were_once_called_concerns(cast):
    with in_client(cast.client_id("indus")):
        verified_guardian(cast.subject("danish"), cast.subject("esra"), at=AT - DAY)
        case = asked(cast, "deletion")
        once = {"client_id": case.client_id, "subject_id": case.child_id, "actor": SETTING_UP, "at": AT}
        record_entry("concern.ordered", facts={"concern": str(case.pk), "kind": "deletion"}, **once)
        shown = ConcernAdmin(Concern, site).history_of(case, cast.actor("farah"))["versions"]
        assert {one["kind"] for one in shown} == {"rights_request.received", "concern.ordered"}
    browser = browser_of(cast.user("farah"))
    page = browser.get(row_url("concerns/concern", case.pk, "history")).content.decode()
    assert "rights_request.received" in page
    ledger = browser.get(f"{list_url('ledger/entry')}?act=rights_request").content.decode()
    assert ">rights_request.received</code>" in ledger
    assert "guardian: verified" not in ledger
