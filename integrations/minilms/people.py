"""People: registered with the portal, their consents, and the data they create while learning."""

import json
from datetime import UTC, datetime
from typing import Any

from integrations.minilms.deciding import Decision, drop, may
from integrations.minilms.portal import Portal
from integrations.minilms.store import Store

PERSON = """
INSERT INTO person (id, portal_id, full_name, email, language) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET full_name = excluded.full_name, email = excluded.email, language = excluded.language
"""


def register(store: Store, portal: Portal, person: str, **known: Any) -> str:
    """Register a person in the portal and here; return the portal's id, which webhooks use."""
    portal_id = str(portal.put(f"/api/v1/subjects/{person}", known).body["id"])
    values = (person, portal_id, known.get("full_name"), known.get("email"), known.get("language", "en"))
    store.do(
        "INSERT OR REPLACE INTO person (id, portal_id, full_name, email, language) VALUES (?, ?, ?, ?, ?)", *values
    )
    return portal_id


def consent(store: Store, portal: Portal, person: str, purpose: str, state: str, *, language: str = "en") -> str:
    """Show the text about a purpose, and record the person's answer; return the text shown.

    ``shown`` is sent back unchanged: it proves which text was shown, in which language, and when.
    """
    notice = portal.get("/api/v1/notices/current", purpose=purpose, language=language).body
    answers = [{"purpose": purpose, "state": state}]
    portal.post("/api/v1/consents", {"subject": person, "shown": notice["shown"], "answers": answers})
    drop(store, person=person, purpose=purpose)
    return str(notice["text"])


def store_record(
    store: Store, portal: Portal, person: str, category: str, data: object, *, purpose: str, occasion: str
) -> Decision:
    """Store something a person did, if it may be collected, and report it."""
    decision = may(store, portal, person, purpose, action="collect")
    if decision.allowed:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        store.do("INSERT INTO record VALUES (?, ?, ?)", person, category, json.dumps({"at": now, "what": data}))
        collected = {"category": category, "occasion": occasion, "purpose": purpose, "collected_at": now, "count": 1}
        portal.post("/api/v1/collections", {"subject": person, **collected})
    return decision
