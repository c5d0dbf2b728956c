"""Django app of the set-up of clients. It has no tables: every step is derived from those of other apps."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class OnboardingConfig(PortalAppConfig):
    name = "paktaleem.office.onboarding"
    verbose_name = "set-up of clients"
    facts = "basis: lawful basis"
    ledger = (entry("client.decision_allowed", "First decision of a client's set-up allowed"),)
