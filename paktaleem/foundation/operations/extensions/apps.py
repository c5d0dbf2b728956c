"""Django app of the extension points."""

from django.apps import AppConfig


class ExtensionsConfig(AppConfig):
    """Provides the command ``list_extensions``."""

    name = "paktaleem.foundation.operations.extensions"
    label = "extensions"
