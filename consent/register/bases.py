"""Lawful bases with PakTaleem's capacity: which rows count when, at one client. Pure.

Where PakTaleem is controller, only its own rows count; where it is processor or joint controller, the client decides,
and PakTaleem's rows are the default.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, pairwise
from operator import itemgetter
from typing import TYPE_CHECKING

from consent.register.compiled import Basis, BasisRule, Capacity, Period, group_bases

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class CapacityRule:
    """PakTaleem's capacity for one purpose during a period; `precedence` orders rules, the highest in force counts.

    `is_own`: it is set for the client, not for every client.
    """

    purpose: str
    capacity: str
    period: Period
    precedence: tuple[object, ...]
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class OwnedBasis:
    """One lawful basis as stored, without a capacity; `is_paktaleems` if PakTaleem owns the row."""

    rule: BasisRule
    is_paktaleems: bool


def find_capacity(purpose: str, capacities: Iterable[CapacityRule], at: datetime) -> CapacityRule | None:
    """Return the rule about PakTaleem's capacity for a purpose that counts at a time."""
    in_force = [rule for rule in capacities if rule.purpose == purpose and rule.period.contains(at)]
    return max(in_force, key=lambda rule: rule.precedence, default=None)


def capacity_at(purpose: str, capacities: Iterable[CapacityRule], at: datetime) -> str:
    """Return PakTaleem's capacity for a purpose; processor if none is set."""
    best = find_capacity(purpose, capacities, at)
    return Capacity.PROCESSOR.value if best is None else best.capacity


_BY_POWER = (Capacity.PROCESSOR, Capacity.JOINT, Capacity.CONTROLLER)


def is_wider_capacity(new: str, old: str) -> bool:
    """Return True if PakTaleem decides about more: a processor about nothing, a joint controller with the client."""
    return _BY_POWER.index(Capacity(new)) > _BY_POWER.index(Capacity(old))


def combine_bases(bases: Iterable[OwnedBasis], capacities: Iterable[CapacityRule]) -> list[BasisRule]:
    """Return the bases that count, each with the capacity of its time: a row is split where the capacity changes."""
    capacities = tuple(capacities)
    return [piece for basis in bases for piece in _split(basis, capacities)]


def _split(basis: OwnedBasis, capacities: tuple[CapacityRule, ...]) -> Iterator[BasisRule]:
    rule = basis.rule
    starts, ends = rule.period.starts_at, rule.period.ends_at
    moments = {moment for one in capacities if one.purpose == rule.purpose for moment in one.period.moments()}
    inside = sorted(moment for moment in moments if starts < moment and (ends is None or moment < ends))
    for start, end in pairwise([starts, *inside, ends]):
        if start is None:  # only the last one may be open
            continue
        capacity = capacity_at(rule.purpose, capacities, start)
        if basis.is_paktaleems or capacity != Capacity.CONTROLLER:
            yield replace(rule, capacity=capacity, period=Period(start, end), since=starts)


def is_consent_replaced(before: Iterable[BasisRule], after: Iterable[BasisRule], *, at: datetime) -> bool:
    """Return True if from `at` on another basis is in force at any time for which consent was, or was the last."""
    return any(
        _last_basis(was, moment) == Basis.CONSENT and _basis_at(becomes, moment) not in {Basis.CONSENT, None}
        for was, becomes, moment in _compare(before, after, at)
    )


def needs_less_consent(before: Iterable[BasisRule], after: Iterable[BasisRule], *, at: datetime) -> bool:
    """Return True if from `at` on a basis other than consent is in force at any time for which it was not before."""
    return any(
        _basis_at(becomes, moment) not in {Basis.CONSENT, None, _basis_at(was, moment)}
        for was, becomes, moment in _compare(before, after, at)
    )


type _Rules = tuple[BasisRule, ...]


def _compare(
    before: Iterable[BasisRule], after: Iterable[BasisRule], at: datetime
) -> Iterator[tuple[_Rules, _Rules, datetime]]:
    """Yield the bases before and after, for each use and each time from ``at`` on at which one may change."""
    was, becomes = group_bases(before), group_bases(after)
    rules = chain.from_iterable((*was.values(), *becomes.values()))
    moments = {moment for rule in rules for moment in rule.period.moments() if moment > at} | {at}
    yield from ((was.get(use, ()), becomes[use], moment) for use in becomes for moment in moments)


def _basis_at(rules: Iterable[BasisRule], at: datetime) -> str | None:
    return next((rule.basis for rule in rules if rule.period.contains(at)), None)


def _last_basis(rules: tuple[BasisRule, ...], at: datetime) -> str | None:
    ended = [(end, rule.basis) for rule in rules if (end := rule.period.ends_at) is not None and end <= at]
    _, last = max(ended, key=itemgetter(0), default=(None, None))
    return _basis_at(rules, at) or last
