"""Configuration of the app for access links and one-time codes."""

from paktaleem.foundation.operations import extensions


class AccessLinksConfig(extensions.PortalAppConfig):
    """Access links and one-time codes by which data subjects and guardians open their own pages."""

    name = "paktaleem.directory.access_links"
    handlers = (
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", "paktaleem.directory.access_links.models.LINKS"),
    )
