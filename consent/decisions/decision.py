"""Decide whether an action on a person's data is allowed. Pure.

The first rule that refuses gives the reason (`consent.decisions.rules`); anything undecidable is denied. A person may
have several roles: unless the question names one, the action is allowed only if it is allowed in every role. The types
of question, facts and decision are in `consent.decisions.facts` and re-exported here.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from consent.decisions.facts import ConsentFact, Decision, Question, SubjectFacts
from consent.decisions.reasons import Reason
from consent.decisions.rules import RULES, RuleContext
from consent.register.compiled import Basis

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from consent.register.compiled import Register


LONG_VALIDITY = timedelta(minutes=15)
SHORT_VALIDITY = timedelta(seconds=60)

_LASTING_BASES = frozenset({Basis.CONTRACT.value, Basis.LEGAL_OBLIGATION.value})


def decide(
    register: Register, subject: SubjectFacts | None, consents: Mapping[str, ConsentFact], question: Question
) -> Decision:
    """Return the decision: the reason of the first rule that refuses (``rules.RULES``), else permitted.

    Of several roles the strictest counts, unless the question names one: the role that the earliest rule refuses; if
    none is refused, one whose lawful basis may change at any time (consent, legitimate interest) before one whose basis
    lasts; of equals the main role. A permission rests on the rows of all roles. `subject` None: unknown to the client.
    """
    roles = _list_roles(subject, question)
    if len(roles) == 1:  # nearly every decision
        case = RuleContext(register, subject, consents, question, role=roles[0])
        return _build_decision(case, _find_reason(case)[1])
    rulings = [_rule(RuleContext(register, subject, consents, question, role=role)) for role in roles]
    strictest = min(rulings, key=lambda ruling: (ruling.position, ruling.is_lasting)).decision
    if not strictest.allowed:
        return strictest
    rows = (row for ruling in rulings for row in ruling.decision.evidence)
    return replace(strictest, evidence=tuple(dict.fromkeys(rows)))


def next_change(
    register: Register, subject: SubjectFacts | None, consents: Mapping[str, ConsentFact], question: Question
) -> datetime | None:
    """Return the next known time after `question.at` at which the decision could change, or an earlier one."""
    # The changes of all roles count, whichever is taken.
    return _next_change(RuleContext(register, subject, consents, question, role=_list_roles(subject, question)[0]))


class _Ruling(NamedTuple):
    """The decision for one role, the position of the rule that refuses (after all if none does), and its basis."""

    decision: Decision
    position: int
    is_lasting: bool


def _list_roles(subject: SubjectFacts | None, question: Question) -> tuple[str, ...]:
    if question.role is not None:
        return (question.role,)
    return subject.roles if subject is not None else ("",)


def _find_reason(case: RuleContext) -> tuple[int, Reason]:
    for position, rule in enumerate(RULES):
        reason = rule(case)
        if reason is not None:
            return position, reason
    return len(RULES), Reason.PERMITTED


def _rule(case: RuleContext) -> _Ruling:
    position, reason = _find_reason(case)
    is_lasting = reason is Reason.PERMITTED and case.lawful_basis in _LASTING_BASES
    return _Ruling(_build_decision(case, reason), position, is_lasting=is_lasting)


def _build_decision(case: RuleContext, reason: Reason) -> Decision:
    allowed = reason is Reason.PERMITTED
    lasting = allowed and not case.is_child and case.lawful_basis in _LASTING_BASES
    return Decision(
        allowed=allowed,
        reason=reason,
        lawful_basis=case.lawful_basis,
        evidence=tuple(case.evidence),
        valid_until=_valid_until(case, LONG_VALIDITY if lasting else SHORT_VALIDITY),
        role=case.role if case.is_role_held else None,
        is_role_named=case.question.role is not None,
        is_child=case.is_child,
        declared=case.register.declared if case.is_child and not allowed else None,
    )


def _valid_until(case: RuleContext, at_most: timedelta) -> datetime:
    try:
        until = case.at + at_most
    except OverflowError:  # at the end of the calendar: valid for no time
        return case.at
    change = _next_change(case)
    return until if change is None or until < change else change


def _next_change(case: RuleContext) -> datetime | None:
    at = case.at
    nearest: datetime | None = None
    changes = case.register.changes.get(case.purpose.code, ())
    position = bisect_right(changes, at)
    if position < len(changes):
        nearest = changes[position]
    for moment in _list_personal_changes(case):
        if moment is not None and at < moment and (nearest is None or moment < nearest):
            nearest = moment
    return nearest


def _list_personal_changes(case: RuleContext) -> Iterator[datetime | None]:
    subject, consent = case.subject, case.consent
    yield subject.registered_at
    yield subject.erasure_started_at
    yield subject.of_age_at
    yield subject.may_be_child_until
    yield subject.service_authorised_until
    for restriction in subject.restrictions:
        yield from restriction.period.moments()
    for objection in subject.objections:
        yield from objection.period.moments()
    for kept in (*subject.holds, *subject.ended):
        yield from kept.period.moments()
    if consent is not None:
        yield consent.recorded_at
        yield consent.expires_at
