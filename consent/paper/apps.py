"""Consent on paper and by telephone for a whole class."""

from django.apps import AppConfig


class PaperConfig(AppConfig):
    """Forms, answer sheets and their matching queue."""

    name = "consent.paper"
    label = "paper"

    def ready(self) -> None:
        """Register answer sheets as holders of row keys, checked before a key epoch is destroyed."""
        from paktaleem.foundation.encryption.rowkeys import declare_row_keys  # noqa: PLC0415 -- needs the app registry

        declare_row_keys(self.get_model("AnswerSheet"))
