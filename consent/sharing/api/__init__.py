"""API operations on disclosures."""

from consent.sharing.api.disclosures import ReportDisclosure, ReportDisclosures

__all__ = ["ReportDisclosure", "ReportDisclosures"]
