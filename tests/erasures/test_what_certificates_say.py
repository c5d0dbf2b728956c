"""No certificate states a disposal that neither a system nor the portal has confirmed, whatever systems answer."""

from dataclasses import replace
from datetime import timedelta

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paktaleem.directory.data_systems.models import Order, System
from paktaleem.directory.data_systems.services.fulfilment import (
    accept_order,
    approve_waiver,
    carry_out_by_hand,
    complete_order,
    fail_order,
    propose_waiver,
    retry_order,
)
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.models import SubjectKey
from paktaleem.directory.people.services.erasure import complete_erasure
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.certificates import read_body
from retention.data_map.models import MapLine
from retention.data_map.services import declare_line
from retention.holdings.models import Holding
from rights.erasures.models import Certificate
from tests.erasures.steps import AFTER, HOUR, SYSTEM, approved, go_on, second, send_all
from tests.factories import SETTING_UP
from tests.rights.cases import AT

ANSWERS = {
    "done": Answer(Outcome.DONE),
    "none": Answer(Outcome.NOT_FOUND),
    "kept": Answer(Outcome.NOT_APPLICABLE, reason="legal_duty"),
    "holds_none": Answer(Outcome.NOT_APPLICABLE, reason="holds_none"),
}
CONFIRMING = {"done", "none"}
COURSE = st.tuples(st.integers(0, 2), st.sampled_from([*ANSWERS, "silence"]))
"""How often a system fails, and how it ends: with an answer, or in silence until two people waive it."""


def carry_out(cast, order, course, at):
    """Let the system of an order take its course; an answer that contradicts a report is accepted by two people."""
    failures, ending = course
    answer = ANSWERS.get(ending)
    if answer is not None and answer.outcome is Outcome.DONE:
        answer = replace(answer, counts=dict.fromkeys(order.categories, 3))
    key, amina = cast.key_actor("indus"), cast.actor("amina")
    is_by_hand = order.system.code == "billing"
    for _ in range(0 if is_by_hand else failures):
        fail_order(accept_order(order, actor=key, at=at), code="locked", again=False, actor=key, at=at)
        retry_order(order, actor=amina, at=at)
    if answer is not None and is_by_hand:
        carry_out_by_hand(order, answer, actor=amina, at=at)
    elif answer is not None:
        complete_order(accept_order(order, actor=key, at=at), answer, actor=key, at=at)
    if Order.objects.open().filter(pk=order.pk).exists():
        propose_waiver(order, ground="Checked.", actor=amina, reason=Reason.REVIEW, at=at)
        approve_waiver(order, actor=second(cast), at=at)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    courses=st.fixed_dictionaries({"lms": COURSE, "billing": COURSE}),
    is_declared=st.booleans(),
    is_reported=st.booleans(),
)
def test_a_certificate_states_as_erased_only_what_a_system_confirmed(cast, indus, courses, is_declared, is_reported):
    with transaction.atomic():
        lms = System.objects.get(client=indus, code="lms")
        if is_reported:
            Holding.objects.create(
                client=indus,
                subject=cast.subject("hamza"),
                category="usage_logs",
                system=lms,
                system_owner=lms.client_id,
                count=3,
                first_collected_at=AT,
                last_collected_at=AT,
            )
        if is_declared:
            about = {"category": "usage_logs", "roles": ["student"], "purposes": [], "countries": ["PK"]}
            line = MapLine(client=indus, system=lms, found_by="lms_id", **about)
            declare_line(line, actor=SETTING_UP, reason=Reason.REVIEW, at=AT)
        row = go_on(approved(cast), AFTER)
        send_all(AFTER)
        times = {}
        for number, order in enumerate(Order.objects.select_related("system").order_by("pk")):
            times[order.system.code] = AFTER + timedelta(minutes=number)
            carry_out(cast, order, courses[order.system.code], times[order.system.code])
        complete_erasure(Erasure.objects.get(subject=row.subject), actor=SYSTEM, at=AFTER + HOUR)
        row = go_on(row, AFTER + HOUR)
        body = read_body(Certificate.objects.get(proposal=row))
        assert (body["key_destroyed_at"] is None) == SubjectKey.objects.filter(subject=row.subject_id).exists()
        for one in body["systems"]:
            is_confirmed = courses[one["system"]][1] in CONFIRMING
            assert (one["answer"] in {"erased", "not_found"}) == is_confirmed
            assert {line["category"] for line in one["lines"]} == set(one["categories"])
            at = times[one["system"]].isoformat() if is_confirmed else None
            assert {(line["rests_on"], line["confirmed_at"]) for line in one["lines"]} == {
                ("confirmed" if is_confirmed else "not_confirmed", at)
            }
            known = {line["category"]: line["known_from"] for line in one["lines"]}
            if one["system"] == "lms":
                unreported = "declared" if is_declared else "registered"
                assert known["usage_logs"] == ("reported" if is_reported else unreported)
        transaction.set_rollback(True)
