"""Services of the set-up of clients."""

from paktaleem.onboarding.services.deciding import try_decision
from paktaleem.onboarding.services.starting import NoAgreementYet, add_starting_set

__all__ = ["NoAgreementYet", "add_starting_set", "try_decision"]
