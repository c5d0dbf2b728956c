"""Types of a decision: question, facts and answer, as frozen values.

Facts are those at `Question.at`: for a question about the past, the caller loads the consent and the guardian's
authorisation as they were then. Timestamps are aware datetimes in UTC, periods are `[starts, ends)`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from paktaleem.directory.ages import is_child

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from datetime import datetime
    from uuid import UUID

    from consent.decisions.reasons import Reason
    from consent.register.declarations import ClientDeclarations
    from consent.register.periods import Period


class Action(StrEnum):
    """Actions on data; `process` is the default."""

    COLLECT = "collect"
    STORE = "store"
    PROCESS = "process"
    SHARE = "share"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Restriction:
    """A restriction of processing (GDPR article 18) for some purposes; None: for all."""

    period: Period
    purposes: frozenset[str] | None = None
    id: UUID | None = None

    def covers(self, purpose: str) -> bool:
        """Return True if the purpose is restricted."""
        return self.purposes is None or purpose in self.purposes


@dataclass(frozen=True, slots=True)
class Objection:
    """A person's objection to one purpose based on legitimate interest (GDPR article 21)."""

    purpose: str
    period: Period
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class KeptData:
    """Data of one category, or of every one (empty), that is on hold, or whose retention period has ended."""

    category: str
    period: Period
    id: UUID | None = None

    def covers(self, categories: AbstractSet[str], at: datetime) -> bool:
        """Return True if it covers any of the categories at this time."""
        return (not self.category or self.category in categories) and self.period.contains(at)


@dataclass(frozen=True, slots=True)
class SubjectFacts:
    """The facts about a person; guardians' answers are about the service as a whole.

    `role` is the main role, `other_roles` those that the person has besides it. `erasure_started_at` is when the
    person's erasure was confirmed, `erased_at` when it was complete.
    `account_closed` is True if the person's account at the client was closed or disabled. `of_age_at` is when the
    person reaches the client's age threshold; for known adults any time before their first consent; None: age
    unknown. `may_be_child_until` is the latest such time if the age was computed for another threshold and is unknown
    for this one. `service_authorisation` is the combined answer of all guardians (`children.guardians.authority`):
    given, refused, withdrawn, lapsed; None: no answer. `service_authorised_until` is when it is next known to change.
    `service_strength` is the strength of the strongest consent, `may_share` is True if they also consented to
    recipients, `guardians` are those with authority. `holds` is data on hold, `ended` data past its retention period.
    """

    id: UUID
    role: str
    registered_at: datetime
    erasure_started_at: datetime | None = None
    erased_at: datetime | None = None
    account_closed: bool = False
    of_age_at: datetime | None = None
    may_be_child_until: datetime | None = None
    other_roles: tuple[str, ...] = ()
    quarantined: bool = False
    service_authorisation: str | None = None
    service_authorised_until: datetime | None = None
    service_authorisation_id: UUID | None = None
    service_strength: int = 0
    may_share: bool = False
    guardians: frozenset[UUID] = frozenset()
    restrictions: tuple[Restriction, ...] = ()
    objections: tuple[Objection, ...] = ()
    holds: tuple[KeptData, ...] = ()
    ended: tuple[KeptData, ...] = ()

    @property
    def roles(self) -> tuple[str, ...]:
        """All roles of the person, the main one first."""
        return (self.role, *self.other_roles)

    def counts_as_child(self, at: datetime, *, serves_minors: bool) -> bool:
        """Return True if the person is treated as a child, as defined by ``ages.is_child``; in every role alike."""
        until = self.may_be_child_until
        return is_child(self.roles, self.of_age_at, at=at, serves_minors=serves_minors, may_be_until=until)


@dataclass(frozen=True, slots=True)
class ConsentFact:
    """A person's consent to one purpose, as of its latest event.

    `state` is one of the consent states (only `given` permits); `by` is who gave it: self or guardian, `guardian` which
    guardian. `informed_at` is when the notice was shown, or the form collected; None: not later than `recorded_at`.
    """

    event_id: UUID
    state: str
    recorded_at: datetime
    expires_at: datetime | None = None
    notice_version: UUID | None = None
    by: str = "self"
    guardian: UUID | None = None
    informed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A question: is this action allowed for this purpose at this time?

    `categories` None or empty means all of the purpose's; `recipient` is the code of the recipient to share with.
    `role` is the role in which the person acts, as the caller states it; None: the strictest of their roles counts.
    `is_about_person` and `is_about_purpose` are False if the caller named another type of subject or resource.
    """

    purpose: str
    action: str = Action.PROCESS
    categories: frozenset[str] | None = None
    recipient: str | None = None
    role: str | None = None
    is_about_person: bool = True
    is_about_purpose: bool = True
    at: datetime = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision, valid until `valid_until` (exclusive) while no fact changes.

    `role` is the role by which it was decided: the one that the question named (`is_role_named`), else the strictest of
    the person's roles; None for an unknown person, and for a role that the person does not have. `lawful_basis` is the
    basis in force for the purpose and that role, also for refusals; `evidence` are the ids of the rows it is based on;
    `is_child` is True if the person counted as a child. `declared` are the client's declarations about children, for
    refusals about a child.
    """

    allowed: bool
    reason: Reason
    lawful_basis: str | None
    evidence: tuple[UUID, ...]
    valid_until: datetime
    role: str | None = None
    is_role_named: bool = False
    is_child: bool = False
    declared: ClientDeclarations | None = None
