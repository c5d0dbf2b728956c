"""Inventories: the platform counts its people, names them by hashes, and says which erased people it still holds."""

from hashlib import sha256
from itertools import batched
from typing import Any

from integrations.minilms.portal import Portal
from integrations.minilms.store import Store

INVENTORIES = "/api/v1/inventories"
MOST_HASHES = 10_000
PEOPLE = """
SELECT person FROM record WHERE category = ?1 AND person IS NOT NULL
UNION SELECT id FROM person WHERE ?1 = 'contact_details'
"""


def answer_inventories(store: Store, portal: Portal) -> int:
    """Answer the inventories that wait; return how many."""
    waiting = [one for one in portal.get(INVENTORIES).body["inventories"] if one["answered_at"] is None]
    for inventory in waiting:
        _answer(store, portal, inventory)
    return len(waiting)


def _answer(store: Store, portal: Portal, inventory: dict[str, Any]) -> None:
    address, counts, known = f"{INVENTORIES}/{inventory['id']}", [], set()
    for line in inventory["lines"]:
        people = [row["person"] for row in store.rows(PEOPLE, line["category"])]
        hashes = sorted(sha256(person.encode()).hexdigest() for person in people)
        known.update(hashes)
        counts.append({"category": line["category"], "people": len(hashes)})
        for batch in batched(hashes, MOST_HASHES):
            portal.post(f"{address}/people", {"category": line["category"], "id_hashes": batch})
    portal.post(f"{address}/answer", {"counts": counts, "still_held": sorted(known & set(inventory["sample"]))})
