"""App configuration of the ledger: one append-only entry for every act that is evidence."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The ledger and the change history."""

    name = "paktaleem.foundation.audit"

    def ready(self) -> None:
        from simple_history.signals import pre_create_historical_record  # noqa: PLC0415 -- needs the app registry

        from paktaleem.foundation.audit.history import stamp_history_row  # noqa: PLC0415

        pre_create_historical_record.connect(stamp_history_row, dispatch_uid="ledger.stamp")
