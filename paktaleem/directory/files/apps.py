"""App configuration of files about people: encrypted chunks in PostgreSQL, limited in size."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """Files app."""

    name = "paktaleem.directory.files"
    label = "files"
