"""Services of consent forms, answer sheets and the matching queue."""

from consent.paper.services.expiring import expire_unmatched
from consent.paper.services.forms import make_form, print_form
from consent.paper.services.queue import (
    NothingStands,
    NotMatched,
    Settled,
    choose_entry,
    confirm_entry,
    dismiss_entry,
    match_entry,
)
from consent.paper.services.sheets import (
    SheetKnown,
    confirm_matched,
    confirm_some,
    opened_details,
    upload_sheet,
)

__all__ = [
    "NotMatched",
    "NothingStands",
    "Settled",
    "SheetKnown",
    "choose_entry",
    "confirm_entry",
    "confirm_matched",
    "confirm_some",
    "dismiss_entry",
    "expire_unmatched",
    "make_form",
    "match_entry",
    "opened_details",
    "print_form",
    "upload_sheet",
]
