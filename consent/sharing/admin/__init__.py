"""Console pages of disclosures."""

from consent.sharing.admin import dashboard, disclosures, legal, person, transfers
