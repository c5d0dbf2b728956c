"""Orders are carried out on real data, once each, and answered with the result.

The answer is stored in the same transaction as the work. If the connection breaks or the process is killed, the next
attempt finds the answer by the order's id and sends it again.
"""

import json
from collections.abc import Callable
from typing import Any

from integrations.minilms.deciding import drop
from integrations.minilms.portal import Portal, Refused
from integrations.minilms.store import Store

ORDERS = "/api/v1/orders"
LARGE = 200_000
NOT_FOUND = {"result": "not_found"}
NOT_OURS = {404}
type Answer = dict[str, Any]


def take_open_orders(store: Store, portal: Portal) -> tuple[int, int]:
    """Carry out all waiting orders; return how many, and the seconds until the next request."""
    found, wait = 0, 60
    for page in portal.pages(ORDERS):
        for order in page.body["orders"]:
            carry_out(store, portal, order)
            found += 1
        wait = int(page.headers.get("Retry-After", wait))
    return found, wait


def take_order(store: Store, portal: Portal, order_id: str) -> None:
    """Carry out the order named by a message, if it is ours and still open."""
    try:
        order = portal.get(f"{ORDERS}/{order_id}").body
    except Refused as refused:
        if refused.status not in NOT_OURS:
            raise
        return
    if order["answered_at"] is None:
        carry_out(store, portal, order)


def carry_out(store: Store, portal: Portal, order: dict[str, Any]) -> None:
    """Accept one order, carry it out, and send the answer."""
    address, order_id = f"{ORDERS}/{order['id']}", order["id"]
    accepted = portal.post(f"{address}/accept", once=f"accept-{order_id}").body
    with store.transaction():
        known = store.row("SELECT answer FROM carried_out WHERE order_id = ?", order_id)
        answer = json.loads(known["answer"]) if known else _done(store, accepted)
        store.do("INSERT OR IGNORE INTO carried_out VALUES (?, ?)", order_id, json.dumps(answer))
    portal.post(f"{address}/complete", _upload_large_sections(portal, address, answer), once=f"complete-{order_id}")
    _forget_what_was_given(store, order_id)


def _upload_large_sections(portal: Portal, address: str, answer: Answer) -> Answer:
    """Send the sections that are too large for one request as files; return the answer with the others."""
    small = []
    for section in answer.get("sections", []):
        content = json.dumps(section["data"]).encode()
        if len(content) > LARGE:
            category = section["category"]
            portal.upload(f"{address}/files/{category}", content, once=f"file-{address[-36:]}-{category}")
        else:
            small.append(section)
    return {**answer, "sections": small} if "sections" in answer else answer


def _forget_what_was_given(store: Store, order_id: str) -> None:
    """Delete the collected data of an answer that arrived; keep only its result."""
    store.do("UPDATE carried_out SET answer = json_remove(answer, '$.sections') WHERE order_id = ?", order_id)


def _done(store: Store, order: dict[str, Any]) -> Answer:
    person = order["subject"]
    if not store.knows(person):
        return NOT_FOUND
    drop(store, person=person)
    return DO[order["kind"]](store, person, order)


def _collect(store: Store, person: str, order: dict[str, Any]) -> Answer:
    held = store.held(person)
    sections = [{"category": name, "data": held[name]} for name in order["categories"] if name in held]
    return {"result": "done", "sections": sections} if sections else NOT_FOUND


def _correct(store: Store, person: str, order: dict[str, Any]) -> Answer:
    ours = [name for name in ("full_name", "email") if name in order["new_values"]]
    for name in ours:
        store.do(f"UPDATE person SET {name} = ? WHERE id = ?", order["new_values"][name], person)  # noqa: S608 -- ours
    return {"result": "done", "corrected": ours} if ours else {"result": "not_applicable", "reason": "holds_none"}


def _erase(store: Store, person: str, order: dict[str, Any]) -> Answer:
    counts = {name: store.do(ERASE, person, name) for name in order["categories"]}
    if "contact_details" in counts:
        counts["contact_details"] += store.do("DELETE FROM person WHERE id = ?", person)
    return {"result": "done", "counts": counts}


def _anonymise(store: Store, person: str, order: dict[str, Any]) -> Answer:
    counts = {name: store.do(ANONYMISE, person, name) for name in order["categories"]}
    if "contact_details" in counts:
        counts["contact_details"] += store.do("DELETE FROM person WHERE id = ?", person)
    return {"result": "done", "counts": counts}


def _restrict(store: Store, person: str, order: dict[str, Any]) -> Answer:
    store.do("UPDATE person SET is_restricted = ? WHERE id = ?", order["kind"] == "restrict", person)
    return {"result": "done"}


def _object(store: Store, person: str, order: dict[str, object]) -> Answer:
    del store, person, order  # cached decisions are deleted: the next query returns a refusal
    return {"result": "done"}


ERASE = "DELETE FROM record WHERE person = ? AND category = ?"
ANONYMISE = "UPDATE record SET person = NULL WHERE person = ? AND category = ?"
DO: dict[str, Callable[[Store, str, dict[str, Any]], Answer]] = {
    "collect": _collect,
    "correct": _correct,
    "erase": _erase,
    "anonymise": _anonymise,
    "restrict": _restrict,
    "lift_restriction": _restrict,
    "object": _object,
}
