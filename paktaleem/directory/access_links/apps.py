"""Configuration of the app for access links and one-time codes."""

from django.apps import AppConfig


class AccessLinksConfig(AppConfig):
    """Access links and one-time codes by which data subjects and guardians open their own pages."""

    name = "paktaleem.directory.access_links"
    label = "doors"
