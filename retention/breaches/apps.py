"""Django app of the breach register."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry

_BREACH = "breach incident known_at due_at categories outcome"


class BreachesConfig(PortalAppConfig):
    name = "retention.breaches"
    verbose_name = "personal-data breaches"
    handlers = (
        ("paktaleem.foundation.accounts.changes.change_kinds", ".services.CLOSING"),
        ("paktaleem.directory.mail.services.letter_outcomes", ".services.record_letter_outcome"),
    )
    families = "breach: Breaches of personal data"
    ledger = (
        entry("breach.assessed", "Risk of a breach assessed", _BREACH),
        entry("breach.closed", sends=_BREACH),
        entry("breach.closing_declined", "Closing of a breach declined"),
        entry("breach.closing_requested", "Closing of a breach requested"),
        entry("breach.measures_recorded", "Measures after a breach recorded"),
        entry("breach.recorded", "Breach of personal data recorded", _BREACH),
        entry("breach.reminded", "Staff reminded of the deadline of a breach"),
        entry(
            "breach.reported",
            "Client, authority or people informed of a breach",
            "breach incident known_at due_at categories outcome audience",
        ),
    )
