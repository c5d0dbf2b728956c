"""Links and codes."""

from django.apps import AppConfig


class DoorsConfig(AppConfig):
    """Links and codes by which data subjects and guardians reach their own pages."""

    name = "paktaleem.directory.access_links"
    label = "doors"
