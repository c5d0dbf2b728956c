"""App configuration of files about people: encrypted chunks in PostgreSQL, limited in size."""

from paktaleem.foundation.operations.extensions import config


class FilesConfig(config.PortalAppConfig):
    """Files app."""

    name = "paktaleem.directory.files"
    label = "files"
