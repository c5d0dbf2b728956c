"""Purposes, lawful bases, agreements, notices, consents, recipients and decisions."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    """The consent app: the register, consents and decisions."""

    name = "consent"
    label = "consent"

    def ready(self) -> None:
        """Register callbacks with ``children``: refusals about a purpose, and false verifications."""
        from children.guardians.services import also_says_no, when_found_false  # noqa: PLC0415 -- needs the app registry
        from consent.consents.services.ending import invalidate_false  # noqa: PLC0415 -- needs the app registry
        from consent.consents.services.guardians import says_no_to_a_purpose  # noqa: PLC0415 -- needs the app registry

        also_says_no(says_no_to_a_purpose)
        when_found_false(invalidate_false)
