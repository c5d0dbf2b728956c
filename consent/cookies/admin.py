"""Console pages of cookies and links."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import Field
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _, gettext_noop

from consent.cookies.banner import ENTRIES, render_tag
from consent.cookies.models import Cookie, CookieChoice, CookieSite, LinkedService
from consent.cookies.selectors import find_banner, list_cookies, name_categories
from consent.cookies.services import review_link, save_cookie, save_link, save_site
from consent.register.admin.safeguards import RegisterAdmin, SafeguardedAdmin
from paktaleem.directory.staff.administration.admin.clients import PublicPage, public_pages
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import progress_filter
from paktaleem.foundation.console.model_admin import EvidenceAdmin, Saving
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client


@admin.register(Cookie, site=site)
class CookieAdmin(SafeguardedAdmin[Cookie]):
    row_fields = ("name", "storage", "category", "provider", "set_by", "purpose_en", "purpose_ur", "days", "is_active")
    fixed = ("name", "storage")
    list_display = ("name", "category", "provider", "set_by", "days", "is_active", "owner")
    list_filter = ("category", "set_by", "is_active", "client")
    intro = (
        "Every cookie, and every entry in the browser’s storage, that a site uses. The banner and the public page "
        "about cookies show them. If an optional category changes, visitors are asked again. PakTaleem’s rows are the "
        "cookies of this portal."
    )
    empty_text = "No cookie is registered: the banner is not shown."

    def save_row(self, row: Cookie, saving: Saving) -> None:
        save_cookie(row, **saving.by)


@admin.register(CookieSite, site=site)
class CookieSiteAdmin(RegisterAdmin[CookieSite]):
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
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name == "origins":
            field.widget.attrs |= {"class": "vLargeTextField", "dir": "ltr"}
        return field

    def write(self, row: CookieSite, saving: Saving) -> None:
        save_site(row, **saving.by)

    def panels(self, request: HttpRequest, row: CookieSite) -> list[dict[str, object]]:
        with in_client(row.client_id):
            banner = find_banner(row.client_id)
            known = {(one.name, one.storage) for one in list_cookies(row.client_id)}
        return [
            *super().panels(request, row),
            {
                "template": "console/panels/cookie_site.html",
                "tag": render_tag(row.key),
                "origin": build_public_url(""),
                "serves_minors": row.client.serves_minors,
                "banner": banner,
                "missing": [(name, stored.label) for name, stored in ENTRIES if (name, stored.value) not in known],
                "page": reverse("cookies-of", args=[row.client.code]),
            },
        ]

    @admin.display(description="origins")
    def shown_origins(self, row: CookieSite) -> str:
        return ", ".join(row.origins)


public_pages.connect(PublicPage(gettext_noop("Cookies"), "cookies-of"))


@admin.register(LinkedService, site=site)
class LinkedServiceAdmin(RegisterAdmin[LinkedService]):
    row_fields = ("name", "url", "policy_url", "purpose_en", "purpose_ur", "review_on", "is_active")
    list_display = ("name", "url", "review_on", "is_active", "owner")
    list_filter = (progress_filter(in_use=_("In use")), "client")
    intro = (
        "Services of third parties that the platform links to. The public privacy page lists them with their privacy "
        "policies. Read each policy again on its review day."
    )
    empty_text = "No linked service yet."
    acts = (review_link,)

    def get_readonly_fields(self, request: HttpRequest, obj: LinkedService | None = None) -> tuple[str, ...]:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "review_on") if obj is not None else fields

    def write(self, row: LinkedService, saving: Saving) -> None:
        save_link(row, **saving.by)


@admin.register(CookieChoice, site=site)
class CookieChoiceAdmin(ExportableAdmin[CookieChoice], EvidenceAdmin[CookieChoice]):
    view_capability = Capability.VIEW_CONSENTS
    list_display = ("recorded_at", "accepted", "declined", "source", "has_signal", "language", "text", "owner")
    exported = "given refused source has_signal language recorded_at"
    detail_fields = ("visitor", "recorded_at", "accepted", "declined", "source", "has_signal", "language", "text")
    intro = (
        "What visitors chose about cookies, in which version of the text. A visitor is a random number that only their "
        "browser knows."
    )
    empty_text = "No visitor has chosen yet."

    def get_queryset(self, request: HttpRequest) -> QuerySet[CookieChoice]:
        return super().get_queryset(request).select_related("version").defer("version__content")

    @admin.display(description="accepted")
    def accepted(self, row: CookieChoice) -> str:
        return name_categories(row.given)

    @admin.display(description="refused")
    def declined(self, row: CookieChoice) -> str:
        return name_categories(row.refused)

    @admin.display(description="version of the text")
    def text(self, row: CookieChoice) -> int:
        return row.version.number

    def panels(self, request: HttpRequest, row: CookieChoice) -> list[dict[str, object]]:
        words = row.version.content["texts"].get(row.language, {"categories": []})
        panel = {"template": "console/panels/cookie_text.html", "text": words, "language": row.language}
        return [*super().panels(request, row), panel]
