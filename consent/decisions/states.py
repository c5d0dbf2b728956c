"""The states of a consent: transitions, and the effective state after expiry and new notices. Pure."""

from datetime import datetime, timedelta

from consent.decisions.facts import ConsentFact
from consent.register.compiled import Register

__all__ = ["ANSWER_STATES", "changes_state", "effective_state", "renewal_is_due"]

ANSWER_STATES = frozenset({"given", "refused", "deferred", "requested", "withdrawn"})
"""The states a person can answer with. The others are set by staff, or follow from time or a notice."""

_REQUESTS = frozenset({"requested", "deferred"})


def changes_state(before: str, event: str) -> bool:
    """Return True if an event changes the state: a request or deferral does not replace a given consent."""
    return not (before == "given" and event in _REQUESTS)


def effective_state(register: Register, purpose: str, fact: ConsentFact, at: datetime) -> str:
    """Return the state at ``at``: a given consent expires, or is outdated by a later material version."""
    if fact.state != "given":
        return fact.state
    if fact.expires_at is not None and fact.expires_at <= at:
        return "expired"
    notice = register.notices.get(purpose)
    if notice is None or fact.notice_version is None:
        return "given"
    outdated_at = notice.outdated_at.get(fact.notice_version)
    return "outdated" if outdated_at is not None and outdated_at <= at else "given"


def renewal_is_due(state: str, *, expires_at: datetime | None, renew_days: int, at: datetime) -> bool:
    """Return True if consent must be requested again: expired, outdated, or expiring within ``renew_days``."""
    if state in {"expired", "outdated"}:
        return True
    return state == "given" and expires_at is not None and expires_at - timedelta(days=renew_days) <= at
