"""App of concerns about children's data."""

from django.apps import AppConfig


class ConcernsConfig(AppConfig):
    """Concerns from the public form, and guardians' requests about a child's data."""

    name = "children.concerns"
    label = "concerns"
    verbose_name = "concerns about children's data"

    def ready(self) -> None:
        """Declare the keys of concerns, so that no epoch in use is destroyed, and a callback for answered orders."""
        from children.concerns.services import note_answers  # noqa: PLC0415 -- needs the app registry
        from paktaleem.directory.data_systems.answered import when_answered  # noqa: PLC0415 -- likewise
        from paktaleem.foundation.encryption.rowkeys import declare_row_keys  # noqa: PLC0415 -- likewise

        declare_row_keys(self.get_model("Concern"))
        when_answered(note_answers)
