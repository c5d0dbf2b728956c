"""Purposes, lawful basis, agreements, notices, consent, recipients; the decision."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    """The register, consent and the decision."""

    name = "consent"
    label = "consent"

    def ready(self) -> None:
        """Have it asked, before a guardian's authority ends, whether they said no to a purpose."""
        from children.services import also_says_no  # noqa: PLC0415 -- needs the app registry
        from consent.services.guardians import says_no_to_a_purpose  # noqa: PLC0415 -- likewise

        also_says_no(says_no_to_a_purpose)
