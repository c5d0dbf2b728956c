"""Services of consent forms, answer sheets and the matching queue."""

from consent.paper.services.errors import (
    AlreadySettled,
    CodeUnknown,
    NameDiffers,
    NotForGuardians,
    NothingToRecord,
    NotMatched,
)
from consent.paper.services.expiry import expire_unmatched
from consent.paper.services.forms import NoticeChanged, make_form, print_form
from consent.paper.services.queue import (
    choose_entry,
    confirm_entry,
    dismiss_entry,
    enter_signer,
    match_entry,
)
from consent.paper.services.sheets import (
    SheetAlreadyUploaded,
    confirm_batch,
    confirm_matched,
    get_typed_code,
    upload_sheet,
)

__all__ = [
    "AlreadySettled",
    "CodeUnknown",
    "NameDiffers",
    "NotForGuardians",
    "NotMatched",
    "NothingToRecord",
    "NoticeChanged",
    "SheetAlreadyUploaded",
    "choose_entry",
    "confirm_batch",
    "confirm_entry",
    "confirm_matched",
    "dismiss_entry",
    "enter_signer",
    "expire_unmatched",
    "get_typed_code",
    "make_form",
    "match_entry",
    "print_form",
    "upload_sheet",
]
