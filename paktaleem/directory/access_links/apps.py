"""Configuration of the app for access links and one-time codes."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class AccessLinksConfig(PortalAppConfig):
    name = "paktaleem.directory.access_links"
    handlers = (("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".models.LINKS"),)
    families = "page_code: One-time codes, page_link: Access links"
    ledger = (
        entry("page_code.accepted", "One-time code accepted"),
        entry("page_link.issued", "Access link issued"),
        entry("page_link.opened", "Access link opened"),
    )
