"""The sandbox as a Django app."""

from django.apps import AppConfig


class SandboxConfig(AppConfig):
    """Has no tables of its own: it acts on those of the rooms below, through their services."""

    name = "paktaleem.sandbox"
    label = "sandbox"
