"""App of collections, holdings and incidents with children's data."""

from django.apps import AppConfig


class RetentionConfig(AppConfig):
    """Collections, holdings and incidents."""

    name = "retention"
    label = "retention"

    def ready(self) -> None:
        """Register callbacks for answered orders, people found to be children, and false verifications."""
        from children.guardians.services import when_found_false  # noqa: PLC0415 -- needs the app registry
        from paktaleem.directory.data_systems.answered import when_answered  # noqa: PLC0415 -- likewise
        from paktaleem.directory.people.revealing import when_child_is_revealed  # noqa: PLC0415 -- likewise
        from retention.services.holdings import end_holdings  # noqa: PLC0415 -- likewise
        from retention.services.incidents import (  # noqa: PLC0415 -- likewise
            close_if_answered,
            open_for_false_verification,
            open_for_what_is_held,
        )

        when_answered(end_holdings)
        when_answered(close_if_answered)
        when_child_is_revealed(open_for_what_is_held)
        when_found_false(open_for_false_verification)
