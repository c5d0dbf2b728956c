"""Django app of cookies and third-party links."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class CookiesConfig(PortalAppConfig):
    name = "consent.cookies"
    verbose_name = "cookies and links"
    handlers = (
        ("consent.notices.views.public_sections", ".banner.links_section"),
        ("consent.notices.services.publishing.starter_parts", ".services.load_starter_cookies"),
        ("paktaleem.foundation.accounts.changes.change_kinds", ".services.UNASKED"),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".services.VISITORS"),
    )
    families = "link: Linked services"
    facts = "digest: hash of the text, review_on: reviewed on"
    ledger = (
        entry("cookie.banner_published", "Texts of the cookie banner published"),
        entry("cookie.link_deleted", "Link from a browser to its choices about cookies deleted"),
        entry("link.reviewed", "Linked service reviewed"),
    )
