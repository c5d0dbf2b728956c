"""The register of cookies in the console, and the sites with the banner with the script to copy."""

from typing import Any

from django.contrib import admin
from django.forms import Field
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_noop

from consent.cookies.models.register import Cookie, CookieSite
from consent.cookies.script import ENTRIES, get_script_origin, render_tag
from consent.cookies.selectors import find_banner, list_cookies
from consent.cookies.services.register import request_necessary_cookie, save_cookie, save_site
from consent.register.admin.row_admin import RegisterAdmin
from consent.register.admin.safeguards import SafeguardedAdmin
from consent.register.models.safeguards import SafeguardChange
from paktaleem.directory.administration.client_pages import PublicPage, public_pages
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client


@admin.register(Cookie, site=site)
class CookieAdmin(SafeguardedAdmin):
    """Console page of cookies."""

    row_fields = (
        "name",
        "storage",
        "category",
        "provider",
        "set_by",
        "purpose_en",
        "purpose_ur",
        "days",
        "is_active",
    )
    fixed = ("name", "storage")
    list_display = ("name", "category", "provider", "set_by", "days", "is_active", "owner")
    list_filter = ("category", "set_by", "is_active", "client")
    intro = (
        "Every cookie, and every entry in the browser’s storage, that a site uses. The banner and the public page "
        "about cookies show them. If an optional category changes, visitors are asked again. PakTaleem’s rows are the "
        "cookies of this portal."
    )
    empty_text = "No cookie is registered: the banner is not shown."

    def save_row(self, row: Any, **details: Any) -> None:
        """Add or change the cookie, and publish the banner’s text."""
        save_cookie(row, actor=details["actor"], reason=details["reason"], at=details["at"])

    def request_change(self, row: Any, **request: Any) -> SafeguardChange:
        """Request a cookie about which visitors are not asked."""
        return request_necessary_cookie(row, **request)


@admin.register(CookieSite, site=site)
class CookieSiteAdmin(RegisterAdmin):
    """Console page of the sites with the banner."""

    row_fields = ("origins", "is_active")
    detail_fields = ("key",)
    list_display = ("key", "shown_origins", "is_active", "owner")
    list_filter = ("is_active", "client")
    intro = (
        "The site of a client that includes the banner. After saving, its page shows the script element to copy into "
        "the learning platform’s pages."
    )
    empty_text = "No site yet. Add one to get the script of the banner."

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Field | None:
        """Use a wide field for origins, from left to right."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name == "origins":
            field.widget.attrs |= {"class": "vLargeTextField", "dir": "ltr"}
        return field

    def write(self, row: Any, **details: Any) -> None:
        """Add or change the site; a new one gets its key."""
        save_site(row, actor=details["actor"], reason=details["reason"], at=details["at"])

    def panels(self, request: HttpRequest, row: CookieSite) -> list[dict[str, Any]]:
        """Show the script element to copy, what the pages' CSP must allow, and what the register lacks."""
        with in_client(row.client_id):
            banner = find_banner(row.client_id)
            known = {(one.name, one.storage) for one in list_cookies(row.client_id)}
        return [
            *super().panels(request, row),
            {
                "template": "console/panels/cookie_site.html",
                "tag": render_tag(row.key),
                "origin": get_script_origin(),
                "serves_minors": row.client.serves_minors,
                "banner": banner,
                "missing": [(name, stored.label) for name, stored in ENTRIES if (name, stored.value) not in known],
                "page": reverse("cookies-of", args=[row.client.code]),
            },
        ]

    @admin.display(description="origins")
    def shown_origins(self, row: CookieSite) -> str:
        """Return the origins in one line."""
        return ", ".join(row.origins)


public_pages.connect(PublicPage(gettext_noop("Cookies"), "cookies-of"))
