"""Django app of the record of processing."""

from paktaleem.foundation.operations import extensions


class RecordsConfig(extensions.PortalAppConfig):
    """The record of processing of each client, its exports, its picture, and impact assessments."""

    name = "retention.records"
    verbose_name = "record of processing"
