"""Django app of the breach register."""

from paktaleem.foundation.operations import extensions


class BreachesConfig(extensions.PortalAppConfig):
    name = "retention.breaches"
    verbose_name = "personal-data breaches"
    handlers = (
        ("paktaleem.foundation.accounts.changes.change_kinds", "retention.breaches.services.CLOSING"),
        ("paktaleem.directory.mail.services.letter_outcomes", "retention.breaches.services.record_letter_outcome"),
    )
