"""Models of sharing."""

from consent.sharing.models.disclosures import Disclosure
from consent.sharing.models.legal import Informed, Instrument, LegalDisclosure, NotInformed
from consent.sharing.models.transfers import BusinessTransfer, TransferKind

__all__ = ["BusinessTransfer", "Disclosure", "Informed", "Instrument", "LegalDisclosure", "NotInformed", "TransferKind"]
