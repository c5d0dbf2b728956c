"""Visitors' choices about cookies in the console: evidence, read only."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from consent.cookies.models.choices import CookieChoice
from consent.cookies.models.register import CookieCategory
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.site import site
from paktaleem.foundation.word_lists import join_words


def _name(codes: list[str]) -> str:
    return join_words(CookieCategory(code).label for code in codes) or "—"


@admin.register(CookieChoice, site=site)
class CookieChoiceAdmin(ExportableAdmin, EvidenceAdmin):
    """Console page of choices, newest first."""

    view_capability = Capability.VIEW_CONSENTS
    list_display = ("recorded_at", "accepted", "declined", "source", "has_signal", "language", "text", "owner")
    list_filter = ("client",)
    exported = {
        "given": "given",
        "refused": "refused",
        "source": "source",
        "has_signal": "has_signal",
        "language": "language",
        "recorded_at": "recorded_at",
    }
    newest_by = "recorded_at"
    detail_fields = ("visitor", "recorded_at", "accepted", "declined", "source", "has_signal", "language", "text")
    intro = (
        "What visitors chose about cookies, in which version of the text. A visitor is a random number that only their "
        "browser knows."
    )
    empty_text = "No visitor has chosen yet."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related version, without its texts."""
        return super().get_queryset(request).select_related("version").defer("version__content")

    @admin.display(description="accepted")
    def accepted(self, row: CookieChoice) -> str:
        """Return the accepted categories."""
        return _name(row.given)

    @admin.display(description="refused")
    def declined(self, row: CookieChoice) -> str:
        """Return the refused categories."""
        return _name(row.refused)

    @admin.display(description="version of the text")
    def text(self, row: CookieChoice) -> int:
        """Return the number of the version that was shown."""
        return row.version.number

    def panels(self, request: HttpRequest, row: CookieChoice) -> list[dict[str, Any]]:
        """Show the text that the visitor saw, in their language."""
        words = row.version.content["texts"].get(row.language, {"categories": []})
        panel = {"template": "console/panels/cookie_text.html", "text": words, "language": row.language}
        return [*super().panels(request, row), panel]
