"""Console pages of disclosures."""

from consent.sharing.admin import disclosures, legal, person, transfers

__all__ = ["disclosures", "legal", "person", "transfers"]
