"""Django app of the record of processing."""

from paktaleem.foundation.operations import extensions


class RecordsConfig(extensions.PortalAppConfig):
    name = "retention.records"
    verbose_name = "record of processing"
