"""Purposes, lawful basis, agreements, notices, consent, recipients; the decision."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    """The register, consent and the decision."""

    name = "consent"
    label = "consent"

    def ready(self) -> None:
        """Hear of guardians: who would end having said no to a purpose, and who said yes on a false proof."""
        from children.guardians.services import also_says_no, when_found_false  # noqa: PLC0415 -- needs the app registry
        from consent.consents.services.ending import invalidate_false  # noqa: PLC0415 -- likewise
        from consent.consents.services.guardians import says_no_to_a_purpose  # noqa: PLC0415 -- likewise

        also_says_no(says_no_to_a_purpose)
        when_found_false(invalidate_false)
