"""App configuration of the commands ``backup`` and ``restore``."""

from django.apps import AppConfig


class BackupsConfig(AppConfig):
    """Backups."""

    name = "paktaleem.foundation.backups"
    label = "backups"
