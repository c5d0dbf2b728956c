"""Models of sharing."""

from consent.sharing.models.disclosures import Disclosure
from consent.sharing.models.legal import Instrument, LegalDisclosure, NotInformed

__all__ = ["Disclosure", "Instrument", "LegalDisclosure", "NotInformed"]
