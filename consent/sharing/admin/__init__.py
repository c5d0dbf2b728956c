"""Console pages of disclosures."""

from consent.sharing.admin import disclosures, legal, person

__all__ = ["disclosures", "legal", "person"]
