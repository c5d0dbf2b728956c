"""Who is a child, and who may act for them."""

from django.apps import AppConfig


class ChildrenConfig(AppConfig):
    """Guardians, how they were verified, and what they answered about the service."""

    name = "children.guardians"
    label = "children"
    verbose_name = "children and guardians"
