"""Concerns about children's data."""

from django.apps import AppConfig


class ConcernsConfig(AppConfig):
    """Concerns that anybody may report, and what guardians ask for about a child's data."""

    name = "children.concerns"
    label = "concerns"
    verbose_name = "concerns about children's data"

    def ready(self) -> None:
        """Have the keys of concerns counted wherever an epoch may be destroyed."""
        from paktaleem.subjects.rowkeys import declare_row_keys  # noqa: PLC0415 -- needs the app registry

        declare_row_keys(self.get_model("Concern"))
