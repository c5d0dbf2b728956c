"""Services of sharing."""

from consent.sharing.services.disclosing import (
    DisclosureReport,
    DisclosureResult,
    report_disclosure,
    report_disclosures,
)

__all__ = ["DisclosureReport", "DisclosureResult", "report_disclosure", "report_disclosures"]
