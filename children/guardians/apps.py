"""App of guardians and their authority to act for children."""

from django.apps import AppConfig


class ChildrenConfig(AppConfig):
    """Guardians, their verifications, and their answers about the service."""

    name = "children.guardians"
    label = "children"
    verbose_name = "children and guardians"
