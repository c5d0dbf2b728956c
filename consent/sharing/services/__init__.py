"""Services of sharing."""

from consent.sharing.services.disclosing import (
    DisclosureReport,
    DisclosureResult,
    report_disclosure,
    report_disclosures,
)
from consent.sharing.services.legal import (
    AlreadyDisclosed,
    DisclosureNotApproved,
    LegalDemand,
    decide_legal_disclosure,
    record_legal_disclosure,
    request_legal_disclosure,
)
from consent.sharing.services.transfers import decide_business_transfer, request_business_transfer

__all__ = [
    "AlreadyDisclosed",
    "DisclosureNotApproved",
    "DisclosureReport",
    "DisclosureResult",
    "LegalDemand",
    "decide_business_transfer",
    "decide_legal_disclosure",
    "record_legal_disclosure",
    "report_disclosure",
    "report_disclosures",
    "request_business_transfer",
    "request_legal_disclosure",
]
