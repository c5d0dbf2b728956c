"""Console pages of disclosures."""

from consent.sharing.admin import disclosures, person

__all__ = ["disclosures", "person"]
