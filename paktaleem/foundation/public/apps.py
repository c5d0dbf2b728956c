"""The ground of the pages for data subjects and guardians, and of every page of an error."""

from django.apps import AppConfig


class PublicConfig(AppConfig):
    """Public pages."""

    name = "paktaleem.foundation.public"
    label = "public"
