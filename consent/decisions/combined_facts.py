"""The facts of a record combined with those of another record that is the same person: the strictest counts. Pure.

A refusal, withdrawal or revocation of consent, a refusing guardian, a restriction, an objection, a hold, an ended
retention period, a quarantine or a closed account of either record counts for both, and so do the roles of either. A
consent, and a guardian's consent, count only for the record that they were given for: what is not answered for a record
stays unanswered. The erasure of one record does not count for the other (decision 0101).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from consent.decisions.facts import ConsentFact, SubjectFacts


_REFUSALS = frozenset({"refused", "withdrawn", "revoked", "invalidated"})
"""States of a consent that count for every record of the person."""
_GUARDIAN_REFUSALS = frozenset({"refused", "withdrawn"})


def add_record(own: SubjectFacts, other: SubjectFacts, *, at: datetime, serves_minors: bool) -> SubjectFacts:
    """Return a record's facts with what counts of another record of the same person."""
    found = replace(
        own,
        other_roles=tuple(dict.fromkeys((*own.other_roles, *(role for role in other.roles if role != own.role)))),
        account_closed=own.account_closed or other.account_closed,
        quarantined=own.quarantined or other.quarantined,
        restrictions=(*own.restrictions, *other.restrictions),
        objections=(*own.objections, *other.objections),
        holds=(*own.holds, *other.holds),
        ended=(*own.ended, *other.ended),
    )
    if _is_stricter_age(own, other, at, serves_minors=serves_minors):
        found = replace(found, of_age_at=other.of_age_at, may_be_child_until=other.may_be_child_until)
    if other.service_authorisation in _GUARDIAN_REFUSALS and own.service_authorisation not in _GUARDIAN_REFUSALS:
        found = replace(
            found,
            service_authorisation=other.service_authorisation,
            service_authorisation_id=other.service_authorisation_id,
        )
    return replace(found, service_authorised_until=_earliest(own, other))


def add_consents(own: Mapping[str, ConsentFact], other: Mapping[str, ConsentFact]) -> dict[str, ConsentFact]:
    """Return a record's consents by purpose, with the refusals of another record of the same person."""
    refused = {code: fact for code, fact in other.items() if fact.state in _REFUSALS}
    kept = {code: fact for code, fact in own.items() if fact.state in _REFUSALS or code not in refused}
    return {**refused, **kept}


def _is_stricter_age(own: SubjectFacts, other: SubjectFacts, at: datetime, *, serves_minors: bool) -> bool:
    is_child = other.counts_as_child(at, serves_minors=serves_minors)
    return is_child and not own.counts_as_child(at, serves_minors=serves_minors)


def _earliest(own: SubjectFacts, other: SubjectFacts) -> datetime | None:
    found = [one for one in (own.service_authorised_until, other.service_authorised_until) if one is not None]
    return min(found, default=None)
