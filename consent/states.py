"""The state a consent is in at a moment: what was answered, and what time and notices made of it. Pure."""

from datetime import datetime

from consent.facts import ConsentFact
from consent.register import Register

__all__ = ["effective_state"]


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
