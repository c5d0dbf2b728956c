"""Django app of links between records that are one person."""

from paktaleem.foundation.operations.extensions import config


class MergesConfig(config.PortalAppConfig):
    """Links between the records of one person at a client; no row moves."""

    name = "paktaleem.directory.people.merges"
    label = "merges"
    verbose_name = "records of one person"
