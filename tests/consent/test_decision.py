"""The decision: each reason reached by its rule, in order, with exact boundaries."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consent.decisions.decision import next_change
from consent.decisions.facts import KeptData, Objection, Restriction
from consent.decisions.reasons import Reason, remedy_for
from consent.register.compiled import Gate, NoticeRule, NoticeVersionRule, Period
from tests.consent.decision_worlds import (
    AGREEMENT,
    ALWAYS,
    DAY,
    EVENT,
    INSTRUCTION,
    LONG_AGO,
    NOW,
    RECIPIENT,
    TICK,
    World,
    child,
    compile_rows,
    number,
)
from tests.consent.plain_decision import plain_decide

ROOT = Path(__file__).resolve().parents[2]
YESTERDAY, TOMORROW = NOW - DAY, NOW + DAY
UNKNOWN_AGE = replace(child(), of_age_at=None)
WEAKLY = replace(child(), service_strength=1, may_share=False)
HELD = (KeptData("", ALWAYS, number(72)),)
PAST_ITS_DAY = (KeptData("usage_logs", ALWAYS, number(74)),)
RESTRICTED = (Restriction(ALWAYS, None, number(70)),)
OBJECTED = (Objection("platform_improvement", ALWAYS, number(71)),)
OPTED_OUT = (Objection("service_delivery", ALWAYS, number(75)),)
NEWER = number(41)


def ask(purpose, action="process", **changes):
    return World().asking(purpose=purpose, action=action, **changes)


def share(purpose="newsletter"):
    return ask(purpose, "share", recipient="mailer")


def of(subject, world=None):
    world = world or World()
    world.subject = subject
    return world


def marketing(home, world=None):
    return (world or ask("platform_improvement")).under_law(home, is_marketing=True)


def directory(home):
    return ask("service_delivery").under_law(home, is_directory=True).person(objections=OPTED_OUT)


def newer_notice(world, effective_at, *, material=True):
    world.rows.notices["newsletter"].append(NoticeVersionRule(NEWER, effective_at, material))
    return world


def closed(world):
    return world.person(account_closed=True)


def suspended(world):
    return world.agreement(suspended=(ALWAYS,))


def ended(world, exit_until=None):
    return world.agreement(ends_at=YESTERDAY, exit_until=exit_until)


def gate(kind, starts_at, ends_at=None):
    return Gate(kind, ((number(80), Period(starts_at, ends_at)),))


DESCRIBED = gate("automated", LONG_AGO)
PERMITTED = {
    "what is automated is described, and the high risk assessed": lambda: World().purpose(
        gates=(DESCRIBED, gate("impact", LONG_AGO))
    ),
    "a high risk that is not assessed: store": lambda: ask("service_delivery", "store").purpose(
        gates=(Gate("impact"),)
    ),
    "a high risk that is not assessed: delete": lambda: ask("newsletter", "delete").purpose(gates=(Gate("impact"),)),
    "an assessed transfer": lambda: share().recipient(transfer=gate("transfer", LONG_AGO)),
    "marketing on consent": lambda: marketing("DE", World()),
    "marketing to an adult where children need consent": lambda: marketing("US"),
    "marketing that needs consent: delete": lambda: marketing("DE").asking(action="delete"),
    "directory information without an opt-out by law": lambda: directory("DE"),
    "consent": World,
    "contract as processor": lambda: ask("service_delivery"),
    "contract as controller": lambda: ask("payment_billing"),
    "legitimate interest": lambda: ask("platform_improvement"),
    "legal obligation": lambda: ask("legal_compliance"),
    "a share with an approved recipient": share,
    "some of the categories": lambda: World().asking(categories=frozenset({"usage_logs"})),
    "no categories named are all of them": lambda: World().asking(categories=frozenset()),
    "controller on contract needs no instruction": lambda: ask("payment_billing").without("instructions"),
    "controller without contract needs no agreement": lambda: ask("platform_improvement").without("agreements"),
    "controller on consent needs no agreement": lambda: World().basis(capacity="controller").without("agreements"),
    "joint controller needs no instruction": lambda: World().basis(capacity="joint_controller").without("instructions"),
    "legal obligation needs no instruction even as processor": lambda: (
        ask("legal_compliance").basis(capacity="processor").without("instructions")
    ),
    "legal obligation as controller needs no agreement": lambda: ask("legal_compliance").without("agreements"),
    "controller's recipient need not be instructed": lambda: share("payment_billing").instruction(
        recipients=frozenset()
    ),
    "store while suspended": lambda: suspended(ask("service_delivery", "store")),
    "delete while suspended": lambda: suspended(ask("service_delivery", "delete")),
    "store until the exit day": lambda: ended(ask("service_delivery", "store"), TOMORROW),
    "store in the exit time under an instruction that ended with the term": lambda: ended(
        ask("service_delivery", "store").instruction(period=Period(LONG_AGO, YESTERDAY)), TOMORROW
    ),
    "delete after the end": lambda: ended(ask("service_delivery", "delete")),
    "delete after the instruction was withdrawn": lambda: ask("service_delivery", "delete").instruction(
        period=Period(LONG_AGO, YESTERDAY - DAY)
    ),
    "a child with an authorising guardian": lambda: of(child(), ask("service_delivery")),
    "a child's share with recipients agreed to": lambda: of(child(), share("service_delivery")),
    "a child where recipients were not agreed to": lambda: of(
        replace(child(), may_share=False), ask("service_delivery")
    ),
    "a child with a weak yes where nobody outside is reached": lambda: of(WEAKLY, ask("service_delivery")).approval(
        period=Period(LONG_AGO, NOW)
    ),
    "a child's consent by a guardian": lambda: of(child()).consent(by="guardian"),
    "unknown age with a guardian": lambda: of(UNKNOWN_AGE, ask("service_delivery")),
    "an instructor of unknown age": lambda: of(replace(UNKNOWN_AGE, role="instructor", service_authorisation=None)),
    "a child's legal-obligation store": lambda: of(
        replace(child(), service_authorisation=None, quarantined=True), ask("legal_compliance", "store")
    ),
    "a child's delete": lambda: of(
        replace(child(), service_authorisation="refused", quarantined=True), ask("service_delivery", "delete")
    ),
    "a closed account: store": lambda: closed(ask("service_delivery", "store")),
    "a closed account: delete": lambda: closed(ask("service_delivery", "delete")),
    "a closed account: a purpose that does not only serve it": lambda: closed(ask("payment_billing")),
    "a closed account: sharing for such a purpose": lambda: closed(share("payment_billing")),
    "a closed account: a legal obligation": lambda: closed(ask("legal_compliance").purpose(needs_account=True)),
    "a closed account: sharing for a legal obligation": lambda: closed(
        share("legal_compliance").purpose(needs_account=True)
    ),
    "on hold: processing": lambda: World().person(holds=HELD),
    "on hold: another category": lambda: ask("newsletter", "delete").person(holds=(KeptData("billing", ALWAYS),)),
    "past its retention period: store": lambda: ask("service_delivery", "store").person(ended=PAST_ITS_DAY),
    "past its retention period: delete": lambda: ask("service_delivery", "delete").person(ended=PAST_ITS_DAY),
    "past its retention period: collect": lambda: ask("service_delivery", "collect").person(ended=PAST_ITS_DAY),
    "past its retention period, but on hold": lambda: World().person(ended=PAST_ITS_DAY, holds=HELD),
    "past its retention period: another category": lambda: (
        World().asking(categories=frozenset({"contact_details"})).person(ended=PAST_ITS_DAY)
    ),
    "restricted: store": lambda: ask("service_delivery", "store").person(restrictions=RESTRICTED),
    "being erased: delete": lambda: ask("service_delivery", "delete").person(erasure_started_at=YESTERDAY),
    "being erased later": lambda: World().person(erasure_started_at=TOMORROW),
    "restricted: delete": lambda: ask("service_delivery", "delete").person(restrictions=RESTRICTED),
    "restricted: legal obligation": lambda: ask("legal_compliance").person(restrictions=RESTRICTED),
    "restricted for another purpose": lambda: World().person(
        restrictions=(Restriction(ALWAYS, frozenset({"service_delivery"})),)
    ),
    "an objection to another purpose": lambda: ask("platform_improvement").person(
        objections=(Objection("newsletter", ALWAYS),)
    ),
    "an objection does not touch consent": lambda: World().person(objections=(Objection("newsletter", ALWAYS),)),
    "a minor notice does not outdate": lambda: newer_notice(World(), YESTERDAY, material=False),
    "a notice to come does not outdate": lambda: newer_notice(World(), TOMORROW),
    "consent where there is no notice": lambda: World().without("notices").consent(notice_version=None),
}

REFUSED = [
    ("subject_type_unknown", lambda: World().asking(is_about_person=False)),
    ("subject_type_unknown", lambda: of(None).asking(is_about_person=False)),
    ("subject_unknown", lambda: of(None)),
    ("subject_unknown", lambda: World().person(registered_at=NOW + TICK)),
    ("subject_erased", lambda: World().person(erased_at=NOW)),
    ("subject_erased", lambda: World().person(erased_at=NOW + DAY)),
    ("subject_erased", lambda: World().person(erasure_started_at=YESTERDAY, erased_at=NOW).asking(action="delete")),
    ("erasure_in_progress", lambda: World().person(erasure_started_at=NOW)),
    ("erasure_in_progress", lambda: share().person(erasure_started_at=NOW)),
    ("erasure_in_progress", lambda: ask("newsletter", "store").person(erasure_started_at=NOW)),
    ("erasure_in_progress", lambda: ask("legal_compliance", "store").person(erasure_started_at=NOW)),
    ("erasure_in_progress", lambda: World().person(erasure_started_at=NOW).asking(action="sell")),
    ("role_not_held", lambda: World().asking(role="instructor")),
    ("role_not_held", lambda: World().asking(role="", action="sell")),
    ("action_unknown", lambda: World().asking(action="sell")),
    ("action_unknown", lambda: World().asking(action="STORE")),
    ("resource_type_unknown", lambda: World().asking(is_about_purpose=False)),
    ("resource_type_unknown", lambda: World().asking(is_about_purpose=False, purpose="astrology")),
    ("purpose_unknown", lambda: World().asking(purpose="astrology")),
    ("purpose_unknown", lambda: World().asking(purpose="")),
    ("purpose_inactive", lambda: World().purpose(active=False)),
    ("sale_forbidden", lambda: World().purpose(is_sale=True)),
    ("category_unknown", lambda: World().asking(categories=frozenset({"shoe_size"}))),
    ("category_not_covered", lambda: World().asking(categories=frozenset({"billing"}))),
    ("category_not_covered", lambda: World().asking(categories=frozenset({"usage_logs", "billing"}))),
    ("no_agreement", lambda: World().without("agreements")),
    ("no_agreement", lambda: World().agreement(starts_at=NOW + TICK)),
    ("no_agreement", lambda: ask("service_delivery", "delete").without("agreements")),
    ("no_agreement", lambda: ask("payment_billing").without("agreements")),
    ("no_agreement", lambda: World().without("bases").without("agreements")),
    ("no_agreement", lambda: ask("payment_billing").basis(capacity="friend").without("agreements")),
    ("no_agreement", lambda: World().basis(capacity="joint_controller").without("agreements")),
    ("agreement_suspended", lambda: suspended(World())),
    ("agreement_suspended", lambda: suspended(ask("payment_billing"))),
    ("agreement_ended", lambda: ended(World(), TOMORROW)),
    ("agreement_ended", lambda: suspended(ended(World()))),
    ("agreement_ended", lambda: ended(ask("service_delivery", "store"), NOW)),
    ("agreement_ended", lambda: ended(ask("service_delivery", "store"))),
    ("not_instructed", lambda: World().without("instructions")),
    ("not_instructed", lambda: World().instruction(purposes=frozenset({"service_delivery"}))),
    ("not_instructed", lambda: World().instruction(categories=frozenset({"usage_logs"}))),
    ("not_instructed", lambda: World().instruction(period=Period(LONG_AGO, NOW))),
    ("not_instructed", lambda: World().instruction(agreement=number(99))),
    ("not_instructed", lambda: ask("service_delivery", "delete").instruction(period=Period(NOW + TICK))),
    (
        "not_instructed",
        lambda: ended(
            ask("service_delivery", "store").instruction(period=Period(LONG_AGO, YESTERDAY - TICK)), TOMORROW
        ),
    ),
    ("not_instructed", lambda: World().without("bases").without("instructions")),
    ("account_closed", lambda: closed(World())),
    ("account_closed", lambda: closed(ask("newsletter", "collect"))),
    ("account_closed", lambda: closed(share())),
    ("account_closed", lambda: closed(ask("service_delivery"))),
    ("account_closed", lambda: closed(ask("payment_billing").purpose(needs_account=True))),
    ("account_closed", lambda: closed(of(child(), share()))),
    ("recipient_missing", lambda: World().asking(action="share")),
    ("recipient_missing", lambda: World().asking(action="share", recipient="")),
    ("recipient_not_approved", lambda: World().asking(action="share", recipient="stranger")),
    ("recipient_not_approved", lambda: share().approval(period=Period(LONG_AGO, NOW))),
    ("recipient_not_approved", lambda: share().approval(purposes=frozenset({"service_delivery"}))),
    ("recipient_not_approved", lambda: share().approval(categories=frozenset({"usage_logs"}))),
    ("recipient_not_approved", lambda: share().approval(objection_until=NOW + TICK)),
    ("recipient_not_approved", lambda: share().instruction(recipients=frozenset())),
    ("recipient_objected", lambda: share().approval(objected_at=NOW)),
    ("recipient_objected", lambda: share().approval(objected_at=NOW - DAY, objection_until=NOW + DAY)),
    ("recipient_consent_required", lambda: share().approval(is_integral=False).asking(purpose="service_delivery")),
    ("consent_outdated", lambda: share().approval(known_from=NOW)),
    ("quarantined", lambda: of(replace(child(), quarantined=True))),
    ("quarantined", lambda: World().person(quarantined=True)),  # of age by now: the data was collected before
    ("quarantined", lambda: of(replace(UNKNOWN_AGE, quarantined=True, role="instructor"))),
    ("age_unknown", lambda: of(replace(UNKNOWN_AGE, service_authorisation=None))),
    ("guardian_consent_required", lambda: of(replace(child(), service_authorisation=None))),
    ("guardian_consent_required", lambda: of(replace(child(), service_authorisation=None, role="instructor"))),
    ("guardian_consent_required", lambda: of(replace(child(), service_authorisation=None), ask("legal_compliance"))),
    (
        "guardian_consent_required",
        lambda: of(replace(child(), service_authorisation=None), ask("service_delivery", "store")),
    ),
    ("guardian_consent_refused", lambda: of(replace(child(), service_authorisation="refused"))),
    ("guardian_consent_withdrawn", lambda: of(replace(child(), service_authorisation="withdrawn"))),
    ("guardian_authority_lapsed", lambda: of(replace(child(), service_authorisation="lapsed"))),
    ("guardian_authority_lapsed", lambda: of(replace(child(), service_authorised_until=NOW))),
    ("undecidable", lambda: of(replace(child(), service_authorisation="perhaps"))),
    ("guardian_consent_required", lambda: of(replace(child(), may_share=False), share("service_delivery"))),
    ("guardian_consent_required", lambda: of(WEAKLY, share("service_delivery"))),
    ("guardian_consent_required", lambda: of(WEAKLY, ask("service_delivery"))),
    ("guardian_consent_required", lambda: of(replace(WEAKLY, service_strength=0), ask("service_delivery"))),
    ("processing_restricted", lambda: World().person(restrictions=RESTRICTED)),
    ("processing_restricted", lambda: share().person(restrictions=RESTRICTED)),
    ("processing_restricted", lambda: World().person(restrictions=(Restriction(ALWAYS, frozenset({"newsletter"})),))),
    ("legal_hold", lambda: ask("newsletter", "delete").person(holds=HELD)),
    ("legal_hold", lambda: ask("service_delivery", "delete").person(holds=(KeptData("usage_logs", ALWAYS),))),
    ("retention_ended", lambda: World().person(ended=PAST_ITS_DAY)),
    ("retention_ended", lambda: share().person(ended=PAST_ITS_DAY)),
    ("retention_ended", lambda: World().person(ended=PAST_ITS_DAY, holds=(KeptData("billing", ALWAYS),))),
    ("basis_missing", lambda: World().without("bases")),
    ("basis_missing", lambda: World().person(role="visitor")),
    ("basis_missing", lambda: World().basis(period=Period(LONG_AGO, NOW))),
    ("basis_missing", lambda: marketing("DE")),
    ("basis_missing", lambda: marketing("US").person(country="DE")),
    ("basis_missing", lambda: of(child(), marketing("US"))),
    ("objection_in_force", lambda: marketing("US", ask("service_delivery")).person(objections=OPTED_OUT)),
    ("objection_in_force", lambda: directory("US")),
    ("objection_in_force", lambda: directory("DE").person(country="US")),
    ("undecidable", lambda: World().basis(basis="vital_interest")),
    ("undecidable", lambda: World().basis(capacity="friend")),
    ("consent_missing", lambda: replace(World(), consents={})),
    ("consent_missing", lambda: World().consent(state="unknown")),
    ("consent_missing", lambda: World().consent(state="requested")),
    ("consent_missing", lambda: World().consent(state="deferred")),
    ("consent_not_by_guardian", lambda: of(child()).consent(by="guardian", guardian=number(73))),
    ("consent_not_by_guardian", lambda: of(replace(child(), guardians=frozenset())).consent(by="guardian")),
    ("consent_missing", lambda: World().consent(by="guardian")),
    ("consent_missing", lambda: World().person(of_age_at=NOW - 30 * DAY + TICK)),
    ("consent_refused", lambda: World().consent(state="refused")),
    ("consent_withdrawn", lambda: World().consent(state="withdrawn")),
    ("consent_revoked", lambda: World().consent(state="revoked")),
    ("consent_expired", lambda: World().consent(state="expired")),
    ("consent_expired", lambda: World().consent(expires_at=NOW)),
    ("consent_outdated", lambda: World().consent(state="outdated")),
    ("consent_outdated", lambda: newer_notice(World(), NOW)),
    ("consent_outdated", lambda: World().consent(notice_version=None)),
    ("consent_invalidated", lambda: World().consent(state="invalidated")),
    ("consent_not_by_guardian", lambda: of(child())),
    ("consent_not_by_guardian", lambda: of(UNKNOWN_AGE).consent(by="school")),
    ("undecidable", lambda: World().consent(state="Given")),
    ("undecidable", lambda: World().consent(recorded_at=NOW + TICK)),
    ("undecidable", lambda: World().consent(notice_version=number(98))),
    ("undecidable", lambda: World().without("notices")),
    ("automated_not_described", lambda: ask("service_delivery").purpose(gates=(Gate("automated"),))),
    ("assessment_missing", lambda: ask("service_delivery").purpose(gates=(DESCRIBED, Gate("impact")))),
    ("assessment_missing", lambda: ask("legal_compliance", "collect").purpose(gates=(Gate("impact"),))),
    ("transfer_not_assessed", lambda: share().recipient(transfer=Gate("transfer"))),
    ("balancing_missing", lambda: ask("platform_improvement").basis(balancing_test_at=None)),
    ("balancing_missing", lambda: ask("platform_improvement").basis(balancing_test_at=NOW + TICK)),
    ("objection_in_force", lambda: ask("platform_improvement").person(objections=OBJECTED)),
]


@pytest.mark.parametrize("world", PERMITTED.values(), ids=PERMITTED.keys())
def test_an_ordinary_question_is_permitted(world):
    decision = world().decide()
    assert decision.reason == "permitted"
    assert decision.allowed is True


@pytest.mark.parametrize(("reason", "world"), REFUSED, ids=[f"{n}-{row[0]}" for n, row in enumerate(REFUSED)])
def test_one_broken_fact_refuses_with_its_reason(reason, world):
    decision = world().decide()
    assert decision.reason == reason
    assert decision.allowed is False


@pytest.mark.parametrize(
    "world",
    [*PERMITTED.values(), *(row[1] for row in REFUSED)],
    ids=[*PERMITTED, *(f"{n}-{row[0]}" for n, row in enumerate(REFUSED))],
)
def test_the_plain_reading_of_the_table_agrees(world):
    world = world()
    decision = world.decide()
    plain = plain_decide(world.rows, world.subject, world.consents, world.question)
    assert (decision.allowed, decision.reason, decision.lawful_basis) == plain


def test_every_reason_is_in_the_table():
    assert {row[0] for row in REFUSED} | {"permitted"} == set(Reason)


# A refusal per rule, in order: breaking more facts changes the answer only if their rule comes earlier.
BREAKS = [
    ("subject_type_unknown", lambda w: w.asking(is_about_person=False)),
    ("subject_unknown", lambda w: w.person(registered_at=NOW + DAY)),
    ("subject_erased", lambda w: w.person(erased_at=YESTERDAY)),
    ("erasure_in_progress", lambda w: w.person(erasure_started_at=YESTERDAY)),
    ("role_not_held", lambda w: w.asking(role="instructor")),
    ("action_unknown", lambda w: w.asking(action="sell")),
    ("resource_type_unknown", lambda w: w.asking(is_about_purpose=False)),
    ("purpose_inactive", lambda w: w.purpose(active=False)),
    ("sale_forbidden", lambda w: w.purpose(is_sale=True)),
    ("category_unknown", lambda w: w.asking(categories=frozenset({"shoe_size", "billing"}))),
    ("category_not_covered", lambda w: w.asking(categories=frozenset({"billing"}))),
    ("agreement_suspended", suspended),
    ("not_instructed", lambda w: w.without("instructions")),
    ("account_closed", closed),
    ("recipient_missing", lambda w: w.asking(recipient=None)),
    ("recipient_not_approved", lambda w: w.approval(period=Period(LONG_AGO, NOW))),
    ("quarantined", lambda w: w.person(quarantined=True)),
    ("guardian_consent_refused", lambda w: w.person(service_authorisation="refused")),
    ("processing_restricted", lambda w: w.person(restrictions=RESTRICTED)),
    ("retention_ended", lambda w: w.person(ended=PAST_ITS_DAY)),
    ("basis_missing", lambda w: w.basis(period=Period(LONG_AGO, NOW))),
    ("consent_withdrawn", lambda w: w.consent(state="withdrawn")),
]


@pytest.mark.parametrize("first", range(len(BREAKS)))
def test_the_first_refusal_wins(first):
    world = of(child(), share()).consent(by="guardian")
    assert world.decide().allowed
    for _reason, break_it in reversed(BREAKS[first:]):
        break_it(world)
    assert world.decide().reason == BREAKS[first][0]


def test_an_unknown_age_is_reported_after_quarantine():
    world = of(replace(UNKNOWN_AGE, service_authorisation=None, quarantined=True))
    assert world.decide().reason == "quarantined"


def test_the_balancing_test_is_checked_before_objections():
    world = ask("platform_improvement").person(objections=OBJECTED).basis(balancing_test_at=None)
    assert world.decide().reason == "balancing_missing"


MONTH_END = NOW + 30 * DAY
MONTH = Period(NOW, MONTH_END)
EDGES = [
    # (name, world with the period MONTH, reason outside it or None for permitted, reason within)
    ("agreement term", lambda: World().agreement(starts_at=MONTH.starts_at), "no_agreement", "permitted"),
    ("agreement end", lambda: World().agreement(ends_at=NOW), "permitted", "agreement_ended"),
    ("suspension", lambda: World().agreement(suspended=(MONTH,)), "permitted", "agreement_suspended"),
    ("instruction", lambda: World().instruction(period=MONTH), "not_instructed", "permitted"),
    ("approval", lambda: share().approval(period=MONTH), "recipient_not_approved", "permitted"),
    ("objection time", lambda: share().approval(objection_until=NOW), "recipient_not_approved", "permitted"),
    ("client's objection", lambda: share().approval(objected_at=NOW), "permitted", "recipient_objected"),
    ("restriction", lambda: World().person(restrictions=(Restriction(MONTH),)), "permitted", "processing_restricted"),
    ("hold", lambda: ask("newsletter", "delete").person(holds=(KeptData("", MONTH),)), "permitted", "legal_hold"),
    (
        "ended retention period",
        lambda: World().person(ended=(KeptData("usage_logs", MONTH),)),
        "permitted",
        "retention_ended",
    ),
    (
        "objection",
        lambda: ask("platform_improvement").person(objections=(Objection("platform_improvement", MONTH),)),
        "permitted",
        "objection_in_force",
    ),
    ("basis", lambda: World().basis(period=MONTH), "basis_missing", "permitted"),
    ("balancing", lambda: ask("platform_improvement").basis(balancing_test_at=NOW), "balancing_missing", "permitted"),
    ("described", lambda: World().purpose(gates=(gate("automated", NOW),)), "automated_not_described", "permitted"),
    ("assessment", lambda: World().purpose(gates=(gate("impact", NOW),)), "assessment_missing", "permitted"),
    ("replaced", lambda: World().purpose(gates=(gate("impact", LONG_AGO, NOW),)), "permitted", "assessment_missing"),
    ("transfer", lambda: share().recipient(transfer=gate("transfer", NOW)), "transfer_not_assessed", "permitted"),
    ("registration", lambda: World().person(registered_at=NOW), "subject_unknown", "permitted"),
    ("erasure begun", lambda: World().person(erasure_started_at=NOW), "permitted", "erasure_in_progress"),
    ("consent expiry", lambda: World().consent(expires_at=NOW), "permitted", "consent_expired"),
    ("consent recorded", lambda: World().consent(recorded_at=NOW), "undecidable", "permitted"),
    ("notice", lambda: newer_notice(World(), NOW), "permitted", "consent_outdated"),
    (
        "authority",
        lambda: of(replace(child(), service_authorised_until=NOW)).consent(by="guardian"),
        "permitted",
        "guardian_authority_lapsed",
    ),
    ("birthday", lambda: of(replace(child(), of_age_at=NOW)).consent(by="guardian"), "permitted", "consent_missing"),
]


@pytest.mark.parametrize("edge", EDGES, ids=[edge[0] for edge in EDGES])
def test_a_boundary_is_exact_to_the_microsecond(edge):
    _name, world, before, after = edge
    assert world().asking(at=NOW - TICK).decide().reason == before
    assert world().asking(at=NOW).decide().reason == after
    assert world().asking(at=NOW + TICK).decide().reason == after


@pytest.mark.parametrize("edge", EDGES, ids=[edge[0] for edge in EDGES])
def test_an_answer_is_not_valid_past_the_next_change(edge):
    world = edge[1]().asking(at=NOW - timedelta(seconds=20))
    assert world.decide().valid_until == NOW


@pytest.mark.parametrize("name", ["instruction", "approval", "basis"])
def test_a_period_ends_before_its_end(name):
    _name, world, outside, _within = next(edge for edge in EDGES if edge[0] == name)
    assert world().asking(at=MONTH_END - TICK).decide().reason == "permitted"
    assert world().asking(at=MONTH_END).decide().reason == outside


@pytest.mark.parametrize(
    ("purpose", "seconds"),
    [
        ("newsletter", 60),
        ("platform_improvement", 60),
        ("service_delivery", 900),
        ("payment_billing", 900),
        ("legal_compliance", 900),
    ],
)
def test_an_answer_is_valid_as_long_as_its_basis_lasts(purpose, seconds):
    assert ask(purpose).decide().valid_until == NOW + timedelta(seconds=seconds)


def test_an_answer_about_a_child_or_a_refusal_is_valid_for_a_minute():
    assert of(child(), ask("service_delivery")).decide().valid_until == NOW + timedelta(seconds=60)
    assert suspended(ask("service_delivery")).decide().valid_until == NOW + timedelta(seconds=60)


def test_the_end_of_the_calendar_does_not_raise():
    last = datetime.max.replace(tzinfo=UTC)
    assert World().asking(at=last).decide().valid_until == last


def test_nothing_known_ahead_has_no_next_change():
    world = World()
    register = compile_rows(world.rows)
    assert next_change(register, world.subject, world.consents, world.question) is None
    assert next_change(register, None, {}, world.question) is None


def test_a_client_without_minors_takes_unknown_age_for_adult_but_never_a_known_child():
    world = World().person(of_age_at=None)
    world.rows.serves_minors = False
    assert world.decide().allowed
    assert not world.decide().is_child
    world.person(of_age_at=NOW + TICK)
    assert world.decide().reason == "guardian_consent_required"
    assert world.decide().is_child


def other_basis(world, **changes):
    row = next(b for b in world.rows.bases if b.purpose == "newsletter" and b.role == "student")
    world.rows.bases.append(replace(row, id=number(900), **changes))
    return world


def test_the_clients_own_basis_beats_the_shared_default_whatever_the_start():
    world = other_basis(World().basis(shared=True), basis="contract", period=Period(LONG_AGO - DAY), shared=False)
    assert world.decide().lawful_basis == "contract"


def test_of_the_clients_own_bases_the_latest_start_wins():
    world = other_basis(World(), basis="contract", period=Period(YESTERDAY))
    assert world.decide().lawful_basis == "contract"
    assert world.asking(at=YESTERDAY - TICK).decide().lawful_basis == "consent"


def test_the_shared_default_serves_when_the_clients_own_basis_has_ended():
    world = other_basis(World().basis(shared=True), basis="contract", period=Period(LONG_AGO, NOW), shared=False)
    assert world.decide().lawful_basis == "consent"


def test_a_second_agreement_serves_when_the_first_has_ended():
    world = ended(World())
    world.rows.agreements.append(replace(world.rows.agreements[0], id=number(901), starts_at=YESTERDAY, ends_at=None))
    assert world.decide().reason == "not_instructed"
    world.instruction(agreement=number(901))
    assert world.decide().allowed


def test_a_material_version_outdates_all_before_it_and_a_later_minor_one_does_not_heal():
    first, minor, material, last = (number(n) for n in (30, 31, 32, 33))
    days = {first: (0, True), minor: (1, False), material: (2, True), last: (3, False)}
    versions = tuple(NoticeVersionRule(i, LONG_AGO + d * DAY, material=m) for i, (d, m) in days.items())
    moment = LONG_AGO + 2 * DAY
    notice = NoticeRule("newsletter", tuple(reversed(versions)))
    assert notice.versions == versions
    assert notice.outdated_at == {first: moment, minor: moment, material: None, last: None}


def test_evidence_names_the_rows_the_answer_rests_on():
    world = share()
    basis = next(b.id for b in world.rows.bases if b.purpose == "newsletter" and b.role == "student")
    assert world.decide().evidence == (AGREEMENT, INSTRUCTION, RECIPIENT, basis, EVENT)
    assert suspended(World()).decide().evidence == (AGREEMENT,)
    assert World().person(restrictions=RESTRICTED).decide().evidence[-1] == number(70)
    guarded = of(replace(child(), service_authorisation_id=number(72)), ask("service_delivery"))
    assert number(72) in guarded.decide().evidence


def test_a_share_rests_on_the_instruction_that_names_the_recipient():
    world = share()
    silent = replace(world.rows.instructions[0], id=number(902), period=Period(YESTERDAY), recipients=frozenset())
    world.rows.instructions.append(silent)
    assert world.decide().allowed
    assert INSTRUCTION in world.decide().evidence


def test_one_instruction_must_cover_all_categories():
    world = World().instruction(categories=frozenset({"usage_logs"}))
    other = replace(world.rows.instructions[0], id=number(903), categories=frozenset({"contact_details"}))
    world.rows.instructions.append(other)
    assert world.decide().reason == "not_instructed"


def test_a_decision_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        World().decide().allowed = True


@pytest.mark.parametrize("reason", list(Reason))
def test_every_refusal_has_a_remedy(reason):
    remedy = remedy_for(reason)
    if reason is Reason.PERMITTED:
        assert remedy is None
        return
    assert remedy is not None
    assert remedy.documentation == f"/docs/reasons/#{reason.value}"
    assert 20 < len(remedy.sentence) < 160


def test_for_a_child_the_remedy_says_whom_to_ask():
    assert "guardian" in str(remedy_for(Reason.CONSENT_MISSING, is_child=True))
    assert "guardian" not in str(remedy_for(Reason.CONSENT_MISSING))
    assert "guardian" not in str(remedy_for(Reason.BASIS_MISSING, is_child=True))


def test_the_decision_needs_no_django_and_reads_no_clock():
    modules = "consent.decisions.decision, consent.decisions.reasons"
    code = f"import sys, {modules}; print([m for m in sys.modules if 'django' in m])"
    seen = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"
    decisions = [f"decisions/{name}" for name in ("decision", "facts", "reasons", "rules")]
    for module in (*decisions, "register/compiled"):
        text = (ROOT / "consent" / f"{module}.py").read_text(encoding="utf-8")
        assert not re.search(r"\bnow\(|\btoday\(|perf_counter|monotonic", text)
