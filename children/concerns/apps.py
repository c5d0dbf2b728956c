"""Concerns about children's data."""

from django.apps import AppConfig


class ConcernsConfig(AppConfig):
    """Concerns that anybody may report, and what guardians ask for about a child's data."""

    name = "children.concerns"
    label = "concerns"
    verbose_name = "concerns about children's data"

    def ready(self) -> None:
        """Have the keys of concerns counted wherever an epoch may be destroyed."""
        import children.concerns.sealing  # noqa: F401, PLC0415 -- declares what is wrapped
