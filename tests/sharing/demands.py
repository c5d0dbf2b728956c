"""A demand of a court, for tests."""

from datetime import datetime
from typing import Any

from consent.sharing.services import LegalDemand

__all__ = ["demand"]


def demand(at: datetime, **values: Any) -> LegalDemand:
    """Return a court order of yesterday's that demands contact details."""
    told: dict[str, Any] = {
        "authority": "District Court Lahore",
        "instrument": "court_order",
        "reference": "17/2026",
        "received_on": at.date(),
        "categories": ["contact_details", "usage_logs"],
        "scope": "Contact details and logs of September.",
        "review": "The order is valid; narrowed to one month.",
    }
    return LegalDemand(**{**told, **values})
