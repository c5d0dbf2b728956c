"""The states of a consent: what follows what, and what time and notices make of a given one. Pure."""

from datetime import datetime, timedelta

from consent.decisions.facts import ConsentFact
from consent.register.register import Register

__all__ = ["ANSWERS", "becomes_state", "effective_state", "renewal_is_due"]

ANSWERS = frozenset({"given", "refused", "deferred", "requested", "withdrawn"})
"""What someone can say. The other states are ended by us, by time, by a notice, or by an authority."""

_ASKING = frozenset({"requested", "deferred"})


def becomes_state(before: str, event: str) -> bool:
    """Whether an event becomes the state: being asked again, or putting it off, does not undo what was given."""
    return not (before == "given" and event in _ASKING)


def effective_state(register: Register, purpose: str, fact: ConsentFact, at: datetime) -> str:
    """Return the state at ``at``: a given consent expires at its time, and is outdated by a material notice."""
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
    """Whether the person should be asked again: the consent has ended by itself, or will within so many days."""
    if state in {"expired", "outdated"}:
        return True
    return state == "given" and expires_at is not None and expires_at - timedelta(days=renew_days) <= at
