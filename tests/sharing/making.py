"""A demand of a court, and a business transfer, for tests."""

from datetime import datetime, timedelta
from typing import Any

from consent.sharing.models import BusinessTransfer
from consent.sharing.services import LegalDemand
from paktaleem.foundation.tenancy.rows import PAKTALEEM


def demand(at: datetime, **values: Any) -> LegalDemand:
    """Return a court order of yesterday's that demands contact details."""
    told: dict[str, Any] = {
        "authority": "District Court Lahore",
        "instrument": "court_order",
        "reference": "17/2026",
        "received_on": at.date(),
        "categories": ["contact_details", "usage_logs"],
        "scope": "Contact details and logs of September.",
        "ground": "The order is valid; narrowed to one month.",
    }
    return LegalDemand(**{**told, **values})


def transfer(at: datetime, **values: Any) -> BusinessTransfer:
    told: dict[str, Any] = {
        "client_id": PAKTALEEM,
        "kind": "acquisition",
        "other_party": "Chenab Learning Ltd",
        "text_en": "Chenab Learning will run the platform. Nothing else changes.",
        "text_ur": "چناب لرننگ پلیٹ فارم چلائے گی۔ اور کچھ نہیں بدلتا۔",
        "ground": "The board decided.",
        "takes_place_on": (at + timedelta(days=40)).date(),
    }
    return BusinessTransfer(**{**told, **values})
