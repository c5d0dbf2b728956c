"""Webhook events of rights requests: one family for what people, guardians and anonymous reporters write."""

import json
import re

import pytest

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import accept_order, complete_order
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.directory.webhooks.models import Message
from paktaleem.directory.webhooks.services import payload
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from rights.erasures.models import ErasureProposal
from rights.erasures.services.proposals import decide_erasure
from rights.packages.services import end_due_packages
from rights.requests.services.clock import purge_old_requests
from rights.requests.services.closing import add_rights, answer_request, close_request
from rights.requests.services.decisions import decide_part
from rights.requests.services.intake import read_request
from tests.erasures.steps import go_on
from tests.keeping import default_period
from tests.rights.cases import AT, DAY, asked_by_guardian, decided, part_of, received, verified
from tests.rights.packing import answered, build
from tests.webhooks.receiving import make_endpoint

NO_SUCH_PERSON = Answer(Outcome.NOT_FOUND)
DUE = (AT + 30 * DAY).isoformat()
PERSONAL = re.compile(r"esra|danish|mother|worr|please|@|\+92", re.IGNORECASE)
DECLINED = {"decision": "refused", "refusal_code": "legal_obligation", "reasons": "The law."}


pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def listening(cast, indus):
    verified(cast, at=AT - DAY)
    make_endpoint(cast, "indus", at=AT - DAY, events=["rights_request.*"])
    return cast


def told():
    """Return type and data of every message in order, after checking that they contain only ids and codes."""
    messages = [json.loads(payload(one)) for one in Message.objects.order_by("pk")]
    assert not PERSONAL.search(json.dumps(messages))
    for one in messages:
        assert str(Entry.objects.get(pk=one["data"].pop("id")).kind) == one["type"]
    return [(one["type"].partition(".")[2], one["data"]) for one in messages]


def steps():
    return [step for step, _ in told()]


def close(request, cast):
    answer_request(request, text="Please read this, Esra.", actor=cast.actor("farah"), at=AT + DAY)
    return close_request(request, actor=cast.actor("farah"), at=AT + DAY)


def reported(cast):
    words = {"details": "I worry about Danish.", "contact": "esra@mail.example", "channel": "form"}
    return received(cast, "child_concern", subject=None, **words)


def test_a_concern_about_an_unknown_child_has_no_person(listening):
    request = decided(listening, reported(listening), at=AT + DAY)
    close(request, listening)
    assert steps() == ["received", "acknowledged", "decided", "answered", "closed"]
    own = {"subject_id": None, "rights_request": str(request.pk), "kind": "child_concern", "due_at": DUE}
    assert told()[0] == ("received", own)
    assert told()[-1] == ("closed", {**own, "outcome": "granted"})


def test_a_concern_that_turns_into_a_right_is_sent_as_a_step_of_the_same_request(listening):
    request = add_rights(reported(listening), kinds=["erasure"], actor=listening.actor("amina"), at=AT)
    [(step, data)] = [one for one in told() if one[0] == "rights_added"]
    assert (step, data["rights_request"], data["state"]) == ("rights_added", str(request.pk), "triage")


@pytest.mark.parametrize(
    ("wish", "right", "expected"),
    [
        ("copy", "access", ["received", "acknowledged", "decided", "ordered", "decided"]),
        ("deletion", "erasure", ["received", "acknowledged"]),
    ],
)
def test_a_guardians_request_is_sent_as_a_rights_request_about_the_child(listening, wish, right, expected):
    request = asked_by_guardian(listening, wish, text="Danish's mother, please.")
    own = {"subject_id": str(listening.subject_id("danish")), "rights_request": str(request.pk), "kind": right}
    assert steps() == expected
    assert all(data.items() >= {**own, "due_at": DUE}.items() for _, data in told())


def test_every_step_of_a_deletion_is_sent(listening):
    request = asked_by_guardian(listening, "deletion")
    decide_part(part_of(request), decision="granted", actor=listening.actor("farah"), at=AT)
    decided(listening, request, at=AT + DAY, is_begun=True, **DECLINED)
    row = decide_erasure(ErasureProposal.objects.get(), approve=True, actor=listening.actor("amina"), at=AT)
    answer_request(request, text="Done.", actor=listening.actor("farah"), at=AT + DAY)
    started, key = go_on(row, AT + 7 * DAY), listening.key_actor("indus")
    order = accept_order(Order.objects.get(parent_id=request.pk), actor=key, at=AT + 7 * DAY)
    complete_order(order, NO_SUCH_PERSON, actor=key, at=AT + 7 * DAY)
    assert go_on(started, AT + 7 * DAY).stage == "certified"
    close_request(request, actor=listening.actor("farah"), at=AT + 8 * DAY)
    assert steps()[2:] == ["decided", "decided", "answered", "orders_answered", "closed"]
    assert {data["kind"] for _, data in told()} == {"erasure"}


def test_every_step_of_a_copy_is_sent(listening):
    request = asked_by_guardian(listening, "copy")
    answered(listening, request)
    build(request)
    answer_request(request, text="Please read this, Esra.", actor=listening.actor("farah"), at=AT + DAY)
    end_due_packages(request.client_id, actor=system_actor("tests"), at=AT + 60 * DAY)
    close_request(request, actor=listening.actor("farah"), at=AT + 60 * DAY)
    found = [step for step in steps() if step not in {"acknowledged", "decided"}]
    assert found == ["received", "ordered", "orders_answered", "copy_built", "answered", "closed"]
    assert {data["kind"] for _, data in told()} == {"access"}


def test_a_deletion_that_the_client_declines_is_sent_as_closed(listening):
    request = decided(listening, asked_by_guardian(listening, "deletion"), at=AT + DAY, **DECLINED)
    close(request, listening)
    found = [(step, data.get("outcome")) for step, data in told() if step in {"received", "closed"}]
    assert found == [("received", None), ("closed", "refused")]


def test_reading_and_deleting_a_text_are_recorded_and_not_sent(listening, settings):
    request = decided(listening, asked_by_guardian(listening, "deletion"), at=AT + DAY, **DECLINED)
    close(request, listening)
    before = len(told())
    late = AT + DAY + default_period("request_texts")
    read_request(request, actor=listening.actor("amina"), reason=Reason.REVIEW, at=AT + DAY)
    assert purge_old_requests(request.client_id, actor=system_actor("tests"), at=late) == 1
    kinds = Entry.objects.filter(family="rights_request").order_by("pk").values_list("kind", flat=True)
    assert [kind.partition(".")[2] for kind in kinds][-2:] == ["read", "forgotten"]
    assert len(told()) == before
