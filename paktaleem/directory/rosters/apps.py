"""Django app of roster imports."""

from django.apps import AppConfig, apps


class RostersConfig(AppConfig):
    """Roster imports. Their tables belong to the label ``subjects``."""

    name = "paktaleem.directory.rosters"
    label = "rosters"

    def ready(self) -> None:
        """Register the keys of waiting rosters, so that no key epoch still in use is destroyed."""
        from paktaleem.foundation.encryption.rowkeys import declare_row_keys  # noqa: PLC0415 -- needs the app registry

        declare_row_keys(apps.get_model("subjects", "RosterImport"))
