"""Models of sharing."""

from consent.sharing.models import disclosures, legal, transfers
