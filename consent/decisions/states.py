"""The states of a consent: transitions, and the effective state after expiry and new notices. Pure."""

from datetime import datetime, timedelta
from uuid import UUID

from consent.decisions.facts import ConsentFact
from consent.register.compiled import Register

ANSWER_STATES = frozenset({"given", "refused", "deferred", "requested", "withdrawn"})
"""The states a person can answer with. The others are set by staff, or follow from time or a notice."""

_REQUESTS = frozenset({"requested", "deferred"})


def changes_state(before: str, event: str) -> bool:
    """Return True if an event changes the state: a request or deferral does not replace a given consent."""
    return not (before == "given" and event in _REQUESTS)


def effective_state(register: Register, purpose: str, fact: ConsentFact, at: datetime) -> str:
    """Return the state at ``at``: a given consent expires, or is outdated."""
    if fact.state != "given":
        return fact.state
    if fact.expires_at is not None and fact.expires_at <= at:
        return "expired"
    ended_at = outdated_at(
        register,
        purpose,
        notice_version=fact.notice_version,
        informed_at=fact.informed_at or fact.recorded_at,
    )
    return "outdated" if ended_at is not None and ended_at <= at else "given"


def outdated_at(
    register: Register, purpose: str, *, notice_version: UUID | None, informed_at: datetime
) -> datetime | None:
    """Return when a consent becomes outdated: a later material version takes effect, or the purpose is widened."""
    notice, rule = register.notices.get(purpose), register.purposes.get(purpose)
    changed_at = notice.outdated_at.get(notice_version) if notice and notice_version else None
    widening = rule.widened_since(informed_at) if rule else None
    widened_at = widening.at if widening else None
    return min((each for each in (changed_at, widened_at) if each is not None), default=None)


def renewal_is_due(state: str, *, expires_at: datetime | None, renew_days: int, at: datetime) -> bool:
    """Return True if consent must be requested again: expired, outdated, or expiring within ``renew_days`` days."""
    if state in {"expired", "outdated"}:
        return True
    return state == "given" and expires_at is not None and expires_at - timedelta(days=renew_days) <= at
