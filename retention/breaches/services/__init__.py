"""Services of the breach register: record, assess, write, remind, close."""

from retention.breaches.services.assessing import assess_breach
from retention.breaches.services.closing import BreachIncomplete, decide_closing, request_closing
from retention.breaches.services.letters import (
    BreachNotAssessed,
    ListNotRequired,
    ListWrittenTo,
    notify_authority,
    write_to_client,
    write_to_people,
)
from retention.breaches.services.recording import BreachClosed, add_clients, record_breach, record_measures

__all__ = [
    "BreachClosed",
    "BreachIncomplete",
    "BreachNotAssessed",
    "ListNotRequired",
    "ListWrittenTo",
    "add_clients",
    "assess_breach",
    "decide_closing",
    "notify_authority",
    "record_breach",
    "record_measures",
    "request_closing",
    "write_to_client",
    "write_to_people",
]
