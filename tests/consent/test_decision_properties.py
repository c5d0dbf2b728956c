"""Properties of the decision over generated set-ups, most of them valid but for a few changes.

One generator serves both searches: Hypothesis (which shrinks failures) and a seeded one that proves that every reason
is reached. It takes a function `pick` that chooses from a sequence.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, event, given, settings, strategies as st

from consent.consents.models import ConsentState
from consent.decisions.decision import decide, next_change
from consent.decisions.facts import Action, ConsentFact, KeptData, Objection, Question, Restriction
from consent.decisions.reasons import Reason
from consent.register.compiled import (
    AgreementRule,
    Approval,
    BasisRule,
    Gate,
    InstructionRule,
    NoticeVersionRule,
    Period,
    RecipientRule,
    WideningRule,
)
from tests.consent.decision_worlds import (
    AGREEMENT,
    CATEGORIES,
    DAY,
    GUARDIAN,
    LONG_AGO,
    NOTICE,
    NOW,
    PERSON,
    PURPOSES,
    TICK,
    World,
    child,
    compile_rows,
    good_subject,
    number,
)
from tests.consent.plain_decision import plain_decide
from tests.faults.size import sized

SECOND = timedelta(seconds=1)
STEPS = (-30 * DAY, -DAY, -SECOND, -TICK, 0 * DAY, TICK, SECOND, 20 * SECOND, 300 * SECOND, DAY, 30 * DAY)
MOMENTS = tuple(NOW + step for step in STEPS)
PAST = (LONG_AGO, *MOMENTS[:5])
STATES = (*ConsentState.values, "Given", "")
WORDS = (None, "given", "refused", "withdrawn", "lapsed", "perhaps")
ROLES = ("student", "student", "instructor", "visitor")
EXAMPLES = settings(
    max_examples=sized(1000, 2500), deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
FEWER = settings(EXAMPLES, max_examples=sized(250, 600))


def some_codes(pick, codes):
    codes = sorted(codes)
    return frozenset(code for code in codes if pick((True, True, False)))


def some_period(pick):
    return Period(pick((*PAST, *MOMENTS)), pick((None, *MOMENTS)))


def change_erasure(world, pick):
    world.person(erased_at=pick((None, None, None, *MOMENTS)))
    world.person(erasure_started_at=pick(MOMENTS))


def close_account(world, pick):
    world.person(account_closed=True)
    if pick((True, False)):
        world.purpose(needs_account=pick((True, False)))


def change_purposes(world, pick):
    key = pick(("active", "is_sale", "categories", "needs_account"))
    values = {"active": False, "is_sale": True, "needs_account": pick((True, False))}
    value = some_codes(pick, CATEGORIES) if key == "categories" else values[key]
    world.purpose(**{key: value})


def change_wording(world, pick):
    types = (("is_about_person", False), ("is_about_purpose", False))
    key, value = pick((("purpose", "astrology"), ("action", "sell"), ("recipient", None), ("recipient", "x"), *types))
    world.asking(**{key: value})


def add_agreement(world, pick):
    period = some_period(pick)
    world.rows.agreements.append(AgreementRule(number(300), period.starts_at, period.ends_at))


def end_instruction_with_agreement(world, pick):
    moment = pick(MOMENTS)
    world.agreement(ends_at=moment, exit_until=pick((None, *MOMENTS)))
    world.instruction(period=Period(LONG_AGO, moment))


def add_instruction(world, pick):
    recipients = some_codes(pick, {"mailer"})
    agreement = pick((AGREEMENT, number(300)))
    categories = some_codes(pick, CATEGORIES)
    purposes = some_codes(pick, PURPOSES)
    row = InstructionRule(number(310), agreement, some_period(pick), purposes, categories, recipients)
    world.rows.instructions.append(row)


def add_recipient(world, pick):
    approvals = tuple(
        Approval(
            some_period(pick),
            some_codes(pick, PURPOSES),
            some_codes(pick, CATEGORIES),
            objected_at=pick((None, None, *MOMENTS)),
            is_integral=pick((True, False)),
            known_from=pick((None, *PAST)),
        )
        for _ in "ab"
    )
    others = [row for row in world.rows.recipients if row.code != "x"]
    world.rows.recipients = [*others, RecipientRule(number(320), "x", approvals)]
    world.asking(recipient=pick(("x", "mailer")))


def add_roles(world, pick):
    others = pick((("instructor",), ("visitor",), ("instructor", "visitor"), ("student", "instructor"), ("guardian",)))
    world.person(other_roles=tuple(one for one in others if one != world.subject.role))


def vary_by_role(world, pick):
    role, basis = pick(ROLES), pick(("consent", "contract", "legal_obligation", "legitimate_interest"))
    capacity = pick(("controller", "processor"))
    changed = [replace(row, basis=basis, capacity=capacity) if row.role == role else row for row in world.rows.bases]
    world.rows.bases = changed


def change_guardian(world, pick):
    world.person(
        service_authorisation=pick(WORDS),
        service_authorised_until=pick((None, *MOMENTS)),
        service_strength=pick((2, 3, 1, 0)),
        may_share=pick((True, False)),
        of_age_at=pick((None, NOW + DAY)),
    )


def restrict(world, pick):
    purposes = pick((None, some_codes(pick, PURPOSES)))
    held = (KeptData(pick(("", "usage_logs", "billing")), some_period(pick)),)
    world.person(holds=held, ended=(KeptData(pick(("usage_logs", "contact_details")), some_period(pick)),))
    world.person(restrictions=(Restriction(some_period(pick), purposes), Restriction(some_period(pick), purposes)))


def change_bases(world, pick):
    key = pick(("basis", "capacity", "period", "balancing_test_at", "shared"))
    value = {
        "basis": pick(("consent", "contract", "legal_obligation", "legitimate_interest", "whim")),
        "capacity": pick(("controller", "joint_controller", "processor", "friend")),
        "period": some_period(pick),
        "balancing_test_at": pick((None, *MOMENTS)),
        "shared": True,
    }[key]
    world.basis(**{key: value})


def add_basis(world, pick):
    basis = pick(("consent", "contract", "legal_obligation", "legitimate_interest"))
    capacity = pick(("controller", "joint_controller", "processor"))
    purpose, role, shared = pick(PURPOSES), pick(ROLES), pick((True, False))
    row = BasisRule(number(330), purpose, role, basis, capacity, some_period(pick), None, shared)
    world.rows.bases.append(row)


def change_consent(world, pick):
    world.consents["newsletter"] = ConsentFact(
        number(340),
        pick(STATES),
        pick(PAST),
        pick((None, *MOMENTS)),
        pick((NOTICE, NOTICE, number(350), number(351), None)),
        pick(("self", "guardian", "school")),
        pick((GUARDIAN, None)),
        pick((None, *PAST)),
    )


def add_notices(world, pick):
    rows = [NoticeVersionRule(number(350 + n), pick(MOMENTS), pick((True, False))) for n in (0, 1)]
    others = [row for row in world.rows.notices.get("newsletter", []) if row.id == NOTICE]
    world.rows.notices["newsletter"] = [*others, *rows]


def widen_purposes(world, pick):
    moments = sorted(pick(MOMENTS) for _ in range(pick((1, 2))))
    world.purpose(widenings=tuple(WideningRule(number(360 + n), moment) for n, moment in enumerate(moments)))


def some_gate(pick, kind):
    assessments = ((number(370), some_period(pick)), (number(371), some_period(pick)))
    return Gate(kind, assessments[: pick((0, 1, 2))])


def add_gates(world, pick):
    kinds = pick((("automated",), ("impact",), ("automated", "impact")))
    world.purpose(gates=tuple(some_gate(pick, kind) for kind in kinds))
    world.rows.recipients = [replace(row, transfer=some_gate(pick, "transfer")) for row in world.rows.recipients]


CHANGES = (
    add_gates,
    lambda world, pick: world.person(registered_at=pick(MOMENTS)),
    change_erasure,
    close_account,
    change_purposes,
    lambda world, pick: world.asking(categories=some_codes(pick, CATEGORIES | {"shoe_size"})),
    change_wording,
    lambda world, pick: world.without(pick(("bases", "agreements", "instructions", "recipients", "notices"))),
    lambda world, pick: world.agreement(
        starts_at=pick(PAST), ends_at=pick((None, *MOMENTS)), exit_until=pick((None, *MOMENTS, NOW + 60 * DAY))
    ),
    lambda world, pick: world.agreement(suspended=(some_period(pick), some_period(pick))),
    add_agreement,
    lambda world, pick: world.instruction(period=some_period(pick), categories=some_codes(pick, CATEGORIES)),
    end_instruction_with_agreement,
    add_instruction,
    lambda world, pick: world.approval(
        period=some_period(pick), objection_until=pick((None, *MOMENTS)), purposes=some_codes(pick, PURPOSES)
    ),
    lambda world, pick: world.approval(objected_at=pick((None, *MOMENTS)), objection_until=pick((None, *MOMENTS))),
    lambda world, pick: world.approval(known_from=pick((None, *PAST)), is_integral=pick((True, False))),
    add_recipient,
    lambda world, pick: world.instruction(recipients=some_codes(pick, {"mailer"})),
    lambda world, pick: world.person(of_age_at=pick((None, *MOMENTS)), may_be_child_until=pick((None, *MOMENTS))),
    add_roles,
    lambda world, pick: world.asking(role=pick((*ROLES, "guardian", ""))),
    vary_by_role,
    change_guardian,
    lambda world, pick: world.person(quarantined=True, of_age_at=pick((None, *MOMENTS))),
    lambda world, pick: setattr(world.rows, "serves_minors", pick((True, False))),
    restrict,
    change_bases,
    add_basis,
    change_consent,
    lambda world, _pick: world.consents.clear(),
    lambda world, pick: world.consent(by=pick(("self", "guardian")), recorded_at=pick(MOMENTS)),
    add_notices,
    widen_purposes,
    lambda world, pick: world.person(objections=(Objection(pick(PURPOSES), some_period(pick)),)),
)


def some_world(pick):
    """Create a valid set-up, then change up to four things in it."""
    world = World()
    purpose = pick(("newsletter", *PURPOSES))
    action = pick(("process", *Action))
    world.question = Question(purpose, str(action), None, "mailer", at=pick((NOW, NOW, *MOMENTS)))
    if pick((True, False)):
        world.subject = replace(child(), id=PERSON)
        world.consent(by="guardian")
    else:
        world.subject = replace(good_subject(), role=pick(ROLES))
    if pick((True, False, False, False)):
        world.person(other_roles=("student",) if world.subject.role == "instructor" else ("instructor",))
        vary_by_role(world, pick)
    for _ in range(pick((0, 1, 1, 2, 2, 3, 4))):
        pick(CHANGES)(world, pick)
    if pick(range(40)) == 39:
        world.subject = None
    return world


@st.composite
def worlds(draw):
    return some_world(lambda options: draw(st.sampled_from(options)))


def answer(decision):
    return decision.allowed, decision.reason, decision.lawful_basis


def plain(world):
    return plain_decide(world.rows, world.subject, world.consents, world.question)


@EXAMPLES
@given(worlds())
def test_the_plain_reading_gives_the_same_answer(world):
    decision = world.decide()
    event(decision.reason)
    assert answer(decision) == plain(world)


@FEWER
@given(worlds())
def test_only_given_permits_on_consent(world):
    decision = world.decide()
    if decision.allowed and decision.lawful_basis == "consent":
        assert world.consents[world.question.purpose].state == "given"


@FEWER
@given(worlds())
def test_an_answer_is_valid_for_some_time_but_never_too_long(world):
    decision = world.decide()
    at = world.question.at
    lasting = decision.allowed and decision.lawful_basis in {"contract", "legal_obligation"}
    at_most = 900 * SECOND if lasting and not decision.is_child else 60 * SECOND
    assert at < decision.valid_until <= at + at_most
    change = next_change(compile_rows(world.rows), world.subject, world.consents, world.question)
    assert change is None or at < change
    assert decision.valid_until == min(at + at_most, change or at + at_most)


@FEWER
@given(worlds(), st.floats(0, 1, exclude_max=True))
def test_the_answer_stays_the_same_until_it_is_no_longer_valid(world, part):
    decision = world.decide()
    start, span = world.question.at, decision.valid_until - world.question.at
    for moment in (start + span * part, decision.valid_until - TICK):
        again = world.asking(at=max(start, min(moment, decision.valid_until - TICK))).decide()
        assert answer(again) == answer(decision)


@FEWER
@given(worlds())
def test_the_answer_stays_the_same_until_the_next_change(world):
    register = compile_rows(world.rows)
    before = decide(register, world.subject, world.consents, world.question)
    change = next_change(register, world.subject, world.consents, world.question)
    last = (change or NOW + 1000 * DAY) - TICK
    late = decide(register, world.subject, world.consents, replace(world.question, at=last))
    assert answer(late) == answer(before)


@FEWER
@given(worlds(), st.sampled_from([state for state in STATES if state != "given"]))
def test_taking_consent_away_never_turns_a_refusal_into_a_permit(world, state):
    before = world.decide()
    world.consents = {purpose: replace(fact, state=state) for purpose, fact in world.consents.items()}
    after = world.decide()
    assert before.allowed or not after.allowed
    world.consents = {}
    assert before.allowed or not world.decide().allowed


@FEWER
@given(worlds())
def test_more_restrictions_and_fewer_rows_never_permit_more(world):
    before = world.decide()
    subject = world.subject
    if subject is not None:
        world.subject = replace(
            subject, restrictions=(*subject.restrictions, Restriction(Period(LONG_AGO))), quarantined=True
        )
    assert before.allowed or not world.decide().allowed
    world.subject = subject
    world.rows.instructions.clear()
    assert before.allowed or not world.decide().allowed


@FEWER
@given(worlds())
def test_an_erasure_in_progress_refuses_everything_but_deleting(world):
    before = world.decide()
    if world.subject is not None:
        world.person(erasure_started_at=world.question.at)
    after = world.decide()
    if world.question.action == "delete":
        assert answer(after) == answer(before)
    else:
        assert not after.allowed


@FEWER
@given(worlds())
def test_a_closed_account_only_refuses_and_never_storing_deleting_or_a_legal_obligation(world):
    before = world.decide()
    if world.subject is not None:
        world.person(account_closed=True)
    after = world.decide()
    assert before.allowed or not after.allowed
    is_of_one_role = world.subject is None or world.question.role is not None or len(world.subject.roles) == 1
    is_obligation = is_of_one_role and before.lawful_basis == "legal_obligation"
    if world.question.action in {"store", "delete"} or is_obligation:
        assert answer(after) == answer(before)
    if after.allowed and world.question.action in {"collect", "process", "share"}:
        needs = {rule.code: rule.needs_account for rule in world.rows.purposes}
        assert not needs[world.question.purpose] or after.lawful_basis == "legal_obligation"


@EXAMPLES
@given(worlds())
def test_several_roles_are_permitted_only_what_each_role_is_permitted(world):
    if world.subject is None or world.question.role is not None:
        return
    together = world.decide()
    apart = {role: world.asking(role=role).decide() for role in world.subject.roles}
    assert together.allowed == all(one.allowed for one in apart.values())
    taken = apart[together.role]
    assert answer(together) == answer(taken)
    assert (together.is_role_named, taken.is_role_named) == (False, True)
    assert together.valid_until == min(one.valid_until for one in apart.values())
    rows = {row for one in apart.values() for row in one.evidence}
    assert set(together.evidence) == (rows if together.allowed else set(taken.evidence))


@FEWER
@given(worlds(), st.sampled_from(("student", "instructor", "guardian")))
def test_one_more_role_never_permits_more(world, role):
    world.asking(role=None)
    before = world.decide()
    if world.subject is not None and role not in world.subject.roles:
        world.person(other_roles=(*world.subject.other_roles, role))
    assert before.allowed or not world.decide().allowed


@FEWER
@given(worlds(), st.sampled_from(("student", "instructor", "guardian", "visitor", "")))
def test_a_named_role_that_the_person_does_not_have_is_refused(world, role):
    world.asking(role=role)
    decision = world.decide()
    if world.subject is None or role not in world.subject.roles:
        assert not decision.allowed
        assert decision.role is None
    else:
        assert decision.role == role


def test_a_seeded_search_reaches_every_reason_and_agrees():
    chance = random.Random(20260310)  # noqa: S311
    reached: Counter[str] = Counter()
    for _ in range(15_000):
        world = some_world(chance.choice)
        decision = world.decide()
        assert answer(decision) == plain(world)
        reached[decision.reason] += 1
    assert set(reached) == set(Reason)
    assert min(reached.values()) >= 3
    assert reached[Reason.PERMITTED] > 1500
