"""What is proved: one append-only entry for every act that is evidence."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The ledger and the history of what officers edit."""

    name = "paktaleem.foundation.audit"
    label = "ledger"

    def ready(self) -> None:
        """Stamp every history row with who and why, and refuse one that cannot say."""
        from simple_history.signals import pre_create_historical_record  # noqa: PLC0415 -- needs the app registry

        from paktaleem.foundation.audit.history import stamp_history_row  # noqa: PLC0415

        pre_create_historical_record.connect(stamp_history_row, dispatch_uid="ledger.stamp")
