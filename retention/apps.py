"""What was collected, what is held, and incidents with children's data."""

from django.apps import AppConfig


class RetentionConfig(AppConfig):
    """Collections, holdings and incidents."""

    name = "retention"
    label = "retention"

    def ready(self) -> None:
        """Hear of answers to orders, and of people who turn out to be children."""
        from paktaleem.subjects.revealing import when_child_is_revealed  # noqa: PLC0415 -- needs the app registry
        from paktaleem.systems.answered import when_answered  # noqa: PLC0415 -- likewise
        from retention.services.holdings import end_holdings  # noqa: PLC0415 -- likewise
        from retention.services.incidents import close_if_answered, open_for_what_is_held  # noqa: PLC0415 -- likewise

        when_answered(end_holdings)
        when_answered(close_if_answered)
        when_child_is_revealed(open_for_what_is_held)
