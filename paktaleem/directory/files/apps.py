"""App configuration of files about people: encrypted chunks in PostgreSQL, limited in size."""

from paktaleem.foundation.operations import extensions


class FilesConfig(extensions.PortalAppConfig):
    """Files app."""

    name = "paktaleem.directory.files"
