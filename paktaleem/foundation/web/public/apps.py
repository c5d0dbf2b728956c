"""App configuration of the public pages for data subjects and guardians, and of all error pages."""

from django.apps import AppConfig


class PublicConfig(AppConfig):
    """Public pages."""

    name = "paktaleem.foundation.web.public"
    label = "public"
