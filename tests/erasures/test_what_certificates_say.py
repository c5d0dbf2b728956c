"""No certificate states a disposal that neither a system nor the portal has confirmed, whatever systems answer."""

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from hypothesis import HealthCheck, given, settings, strategies as st

from consent.consents.models import ConsentState
from consent.consents.services.recording import Answer as ConsentAnswer, record_answers, withdraw_consent
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
from paktaleem.office.exits.models import ExitCertificate
from paktaleem.office.exits.services.ending import continue_deletion
from retention.data_map.models import MapLine
from retention.data_map.services import declare_line
from retention.holdings.models import Holding
from retention.inventories.models import Inventory
from rights.erasures.models import Certificate
from rights.erasures.services.proposals import Target
from rights.requests.services.closing import answer_request
from tests.consent.making import shown
from tests.erasures.steps import AFTER, HOUR, SYSTEM, approved, go_on, second, send_all
from tests.factories import SETTING_UP
from tests.retention.disposals.steps import certify, hold_data, ordered, rule_for
from tests.retention.exits import steps as exits
from tests.rights.cases import AT, DAY, decided, received

ANSWERS = {
    "done": Answer(Outcome.DONE),
    "none": Answer(Outcome.NOT_FOUND),
    "kept": Answer(Outcome.NOT_APPLICABLE, reason="legal_duty"),
    "holds_none": Answer(Outcome.NOT_APPLICABLE, reason="holds_none"),
}
CONFIRMING = {"done", "none"}
CONFIRMED = {"disposed", "not_found"}
"""States of items of which a certificate says that the data is deleted."""
OF_WITHDRAWAL = Target(purposes=("newsletter", "product_research"), categories=("usage_logs",))
"""The extent of a partial erasure: data of two purposes, whose consents it withdraws."""
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
    known=st.sets(st.sampled_from(["declared", "reported"])),
    is_whole=st.booleans(),
)
def test_a_certificate_states_as_erased_only_what_a_system_confirmed(cast, indus, courses, known, is_whole):
    is_declared, is_reported = "declared" in known, "reported" in known
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
        request = None if is_whole else decided(cast, received(cast, "restriction"))
        row = approved(cast, request=request, target=None if is_whole else OF_WITHDRAWAL)
        if request is not None:
            answer_request(request, text="It is erased.", actor=cast.actor("farah"), at=AT)
        row = go_on(row, AFTER)
        send_all(AFTER)
        times = {}
        for number, order in enumerate(Order.objects.select_related("system").order_by("pk")):
            times[order.system.code] = AFTER + timedelta(minutes=number)
            carry_out(cast, order, courses[order.system.code], times[order.system.code])
        for erasure in Erasure.objects.filter(subject=row.subject):
            complete_erasure(erasure, actor=SYSTEM, at=AFTER + HOUR)
        row = go_on(row, AFTER + HOUR)
        body = read_body(Certificate.objects.get(proposal=row))
        has_key = SubjectKey.objects.filter(subject=row.subject_id).exists()
        assert ((body["key_destroyed_at"] is None), body["systems"] != []) == (has_key, True)
        assert has_key != is_whole
        for one in body["systems"]:
            is_confirmed = courses[one["system"]][1] in CONFIRMING
            assert (one["answer"] in {"erased", "not_found"}) == is_confirmed
            assert {line["category"] for line in one["lines"]} == set(one["categories"])
            at = times[one["system"]].isoformat() if is_confirmed else None
            assert {(line["rests_on"], line["confirmed_at"]) for line in one["lines"]} == {
                ("confirmed" if is_confirmed else "not_confirmed", at)
            }
            origins = {line["category"]: line["known_from"] for line in one["lines"]}
            if one["system"] == "lms":
                unreported = "declared" if is_declared else "registered"
                assert origins["usage_logs"] == ("reported" if is_reported else unreported)
        transaction.set_rollback(True)


SYSTEMS = st.sets(st.sampled_from(["lms", "billing", None]), min_size=1)
"""The systems that reported data of a person; None is a report without a system, which orders everywhere."""
PEOPLE = ("hamza", "junaid")
PAIRS = [(name, code) for name in PEOPLE for code in ("lms", "billing")]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    held=st.fixed_dictionaries(dict.fromkeys(PEOPLE, SYSTEMS)),
    courses=st.fixed_dictionaries(dict.fromkeys(PAIRS, COURSE)),
    is_withdrawn=st.booleans(),
)
def test_a_disposal_is_certified_only_as_far_as_systems_confirmed_it(cast, indus, held, courses, is_withdrawn):
    now = AT + 40 * DAY
    with transaction.atomic():
        rule_for(indus, at=AT, trigger="consent_withdrawn" if is_withdrawn else "collected")
        for name in PEOPLE if is_withdrawn else ():
            answers, farah = [ConsentAnswer("newsletter", ConsentState.GIVEN)], cast.actor("farah")
            record_answers(cast.subject(name), answers=answers, shown=shown(indus.pk, AT), actor=farah, at=AT)
            withdraw_consent(cast.subject(name), purpose="newsletter", actor=farah, at=AT + HOUR)
        holdings = [(name, code) for name, codes in held.items() for code in codes]
        for name, code in holdings:
            hold_data(cast, name, at=now, system=code and System.objects.get(code=code))
        batch = ordered(cast, now)
        times: dict[str, list[datetime]] = {"lms": [], "billing": []}
        names = {cast.subject_id(name): name for name in PEOPLE}
        for number, order in enumerate(Order.objects.select_related("system").order_by("pk")):
            course, at = courses[names[order.subject_id], order.system.code], now + timedelta(days=2, minutes=number)
            carry_out(cast, order, course, at)
            times[order.system.code] += [at] * (course[1] in CONFIRMING)
        body = read_body(certify(batch, now + timedelta(days=3)))
        assert sum(one["count"] for one in body["counts"]) == body["holdings"] == len(holdings)
        for code, asked in (("lms", ["lms"]), ("billing", ["billing"]), (None, ["lms", "billing"])):
            counts = [one for one in body["counts"] if one["system"] == code]
            gone = [all(courses[name, one][1] in CONFIRMING for one in asked) for name, at in holdings if at == code]
            last = max((at for one in asked for at in times[one]), default=None)
            assert sum(one["count"] for one in counts if one["rests_on"] == "confirmed") == sum(gone)
            assert {(one["rests_on"], one["confirmed_at"]) for one in counts if one["state"] in CONFIRMED} <= {
                ("confirmed", last and last.isoformat())
            }
            assert {(one["rests_on"], one["confirmed_at"]) for one in counts if one["state"] not in CONFIRMED} <= {
                ("not_confirmed", None)
            }
        transaction.set_rollback(True)


COUNTED = st.sampled_from([None, 0, 4])
"""The people whom a system counts for the exit; None if it stays silent."""


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    courses=st.lists(st.fixed_dictionaries({"lms": COURSE, "billing": COURSE}), min_size=1, max_size=3),
    counted=st.fixed_dictionaries({"lms": COUNTED, "billing": COUNTED}),
)
def test_an_exit_is_certified_only_as_far_as_systems_confirmed_it(cast, indus, now, courses, counted):
    with transaction.atomic():
        row, confirmed = exits.approved(cast, now), {"lms": 0, "billing": 0}
        batch, last = exits.flag_and_order(now), {}
        places = {key: place for place, key in enumerate(sorted(set(Order.objects.values_list("subject", flat=True))))}
        for number, order in enumerate(Order.objects.select_related("system").order_by("pk")):
            code, at = order.system.code, now + timedelta(minutes=number)
            course = courses[places[order.subject_id] % len(courses)][code]
            carry_out(cast, order, course, at)
            if course[1] in CONFIRMING:
                confirmed[code] += len(order.categories)
                last[code] = at
        batch.refresh_from_db()
        certify(batch, at)
        continue_deletion(row, actor=SYSTEM, at=at)
        for inventory in Inventory.objects.open().select_related("system"):
            if (people := counted[inventory.system.code]) is not None:
                exits.count_people(cast, inventory, people, at)
        exits.erased(row, at, size=100)
        assert (row.stage == "certified") == (None not in counted.values())
        exits.erased(row, now + timedelta(days=14, seconds=1), size=100)
        body = read_body(ExitCertificate.objects.get(exit=row))
        assert body["people"]["erased"] == row.people == len(places)
        assert not SubjectKey.objects.filter(subject__in=places).exists()
        assert {one["system"] for one in body["systems"]} == set(counted)
        for one in body["systems"]:
            code, total = one["system"], len(places) * len(System.objects.get(code=one["system"]).categories)
            assert (one["confirmed"], one["not_confirmed"]) == (confirmed[code], total - confirmed[code])
            assert one["confirmed_at"] == (last[code].isoformat() if code in last else None)
            assert sum(line["count"] for line in one["lines"]) == total
            certain = [line for line in one["lines"] if line["rests_on"] == "confirmed"]
            assert sum(line["count"] for line in certain) == confirmed[code]
            assert {line["confirmed_at"] for line in certain} <= {one["confirmed_at"]}
            people = counted[code]
            assert (one["inventory"]["answered_at"] is None) == (people is None)
            assert set(one["inventory"]["people"].values()) == (set() if people is None else {people})
        transaction.set_rollback(True)
