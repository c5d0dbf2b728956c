"""Files about people: encrypted chunks in PostgreSQL, under the person's own key, capped in size."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """Files."""

    name = "paktaleem.directory.files"
    label = "files"
