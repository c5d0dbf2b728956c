"""Decisions, queried before every processing; cached until they expire or the portal invalidates them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from integrations.minilms.portal import Portal, Refused
from integrations.minilms.store import Store

GOES_ON = {"store", "delete"}
"""Actions that a restriction does not stop."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision and its reason."""

    allowed: bool
    reason: str


def may(store: Store, portal: Portal, person: str, purpose: str, *, action: str = "process") -> Decision:
    """Query whether a person's data may be used for a purpose. No response counts as a refusal."""
    if action not in GOES_ON and store.row("SELECT 1 FROM person WHERE id = ? AND is_restricted", person):
        return Decision(allowed=False, reason="restricted_here")
    kept = store.row("SELECT * FROM decision WHERE person = ? AND purpose = ? AND action = ?", person, purpose, action)
    if kept and datetime.now(UTC) < datetime.fromisoformat(kept["valid_until"]):
        return Decision(bool(kept["allowed"]), kept["reason"])
    question = {
        "subject": {"type": "end_user", "id": person},
        "action": {"name": action},
        "resource": {"type": "purpose", "id": purpose},
    }
    try:
        answer = portal.post("/access/v1/evaluation", question).body
    except (OSError, Refused):
        return Decision(allowed=False, reason="portal_not_reached")
    allowed, told = answer["decision"], answer["context"]
    if until := told.get("valid_until"):
        values = (person, purpose, action, allowed, told["reason"], until)
        store.do("INSERT OR REPLACE INTO decision VALUES (?, ?, ?, ?, ?, ?)", *values)
    return Decision(allowed, told["reason"])


def drop(store: Store, *, person: str | None = None, purpose: str | None = None) -> None:
    """Delete cached decisions: about a person and a purpose, about a person, or all."""
    chosen = "(?1 IS NULL OR person = ?1) AND (?2 IS NULL OR purpose = ?2)"
    store.do(f"DELETE FROM decision WHERE {chosen}", person, purpose)  # noqa: S608 -- two fixed conditions
