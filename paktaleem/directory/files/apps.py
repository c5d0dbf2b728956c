"""App configuration of files about people: encrypted chunks in PostgreSQL, limited in size."""

from paktaleem.foundation.operations.extensions import config


class FilesConfig(config.PortalAppConfig):
    """Files app."""

    name = "paktaleem.directory.files"
    label = "files"
    handlers = (
        (
            "paktaleem.directory.people.copies.sections.person_sections",
            "paktaleem.directory.files.sections.list_file_sections",
        ),
    )
