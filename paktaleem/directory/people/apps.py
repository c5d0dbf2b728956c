"""Data subjects, their sealed personal fields, their encryption keys and the access log."""

from django.apps import AppConfig


class SubjectsConfig(AppConfig):
    """The subjects app."""

    name = "paktaleem.directory.people"
    label = "subjects"

    def ready(self) -> None:
        """Register roster imports as rows with their own encryption key."""
        from paktaleem.foundation.encryption.rowkeys import declare_row_keys  # noqa: PLC0415 -- needs the app registry

        declare_row_keys(self.get_model("RosterImport"))
