"""Django app of the record of processing."""

from paktaleem.foundation.operations.extensions import PortalAppConfig


class RecordsConfig(PortalAppConfig):
    name = "retention.records"
    verbose_name = "record of processing"
