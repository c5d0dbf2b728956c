"""About whom: data subjects, their sealed personal fields, one key per person, who looked and why."""

from django.apps import AppConfig


class SubjectsConfig(AppConfig):
    """Subjects."""

    name = "paktaleem.directory.people"
    label = "subjects"

    def ready(self) -> None:
        """Have the keys of rosters that wait counted wherever an epoch may be destroyed."""
        from paktaleem.foundation.encryption.rowkeys import declare_row_keys  # noqa: PLC0415 -- needs the app registry

        declare_row_keys(self.get_model("RosterImport"))
