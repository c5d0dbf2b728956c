"""Consent events in the console, with their receipts."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy

from consent.consents.admin.consents import PersonRowAdmin, PurposeFilter, answer_cell
from consent.consents.admin.evidence import ADD_EVIDENCE
from consent.consents.models.consents import ConsentEvent
from consent.receipts.views import print_receipt
from paktaleem.foundation.console.columns import annotate_actor, format_actor, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.filters import ConditionFilter
from paktaleem.foundation.console.requests import actor_of
from paktaleem.foundation.console.site import site
from paktaleem.foundation.public.pages import LanguageLink
from paktaleem.foundation.tenancy.context import in_client

_WEEK = timedelta(days=7)


def is_recent(at: datetime) -> Q:
    """Return the condition for answers of the last seven days."""
    return Q(recorded_at__gt=at - _WEEK)


class RecentFilter(ConditionFilter):
    """Filter for the answers of the last seven days."""

    offered: ClassVar[Any] = {"week": (gettext_lazy("In the last seven days"), is_recent)}


@admin.register(ConsentEvent, site=site)
class ConsentEventAdmin(PersonRowAdmin, EvidenceAdmin):
    """All recorded answers."""

    list_display = ("recorded_at", "purpose", "person", "answer", "given_by", "method", "actor", "owner")
    list_filter = (RecentFilter, "state", "method", "given_by", PurposeFilter, "client")
    in_one_client = ("method", "given_by", PurposeFilter)
    newest_by = "recorded_at"
    detail_fields = (
        "person",
        "purpose",
        "answer",
        "given_by",
        "guardian",
        "method",
        "language",
        "notice_version",
        "shown_hash",
        "actor",
        "claimed_at",
        "recorded_at",
        "expires_at",
    )
    intro = "All recorded answers about purposes. They are never changed."
    empty_text = "No answers have been recorded yet."
    acts = (ADD_EVIDENCE,)
    answer = state_column(answer_cell)
    exported = {
        "person": "subject__external_id",
        "purpose": "purpose__code",
        "state": "state",
        "given_by": "given_by",
        "guardian": "guardian__external_id",
        "method": "method",
        "language": "language",
        "notice_version": "notice_version_id",
        "actor_kind": "actor_kind",
        "actor_role": "actor_role",
        "claimed_at": "claimed_at",
        "recorded_at": "recorded_at",
        "expires_at": "expires_at",
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related person, purpose, guardian, notice version and actor."""
        found = super().get_queryset(request).select_related("subject__client", "purpose", "guardian", "notice_version")
        return annotate_actor(found, actor_of(request))

    def get_urls(self) -> list[URLPattern]:
        """Add the URL of the printable receipt."""
        receipt = path(
            "<path:object_id>/receipt/",
            self.admin_site.admin_view(self.receipt_view),
            name="consent_consentevent_receipt",
        )
        return [receipt, *super().get_urls()]

    def receipt_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Render the receipt in the language given with ``?in=``, else in the language of the answer."""
        row: ConsentEvent = self._row_or_404(request, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        requested = request.GET.get("in", row.language)
        language = requested if requested in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        links = [LanguageLink(code, name, f"?in={code}", code == language) for code, name in settings.LANGUAGES]
        with in_client(row.client_id):
            return print_receipt(request, row, language=language, links=links)

    def panels(self, request: HttpRequest, row: ConsentEvent) -> list[dict[str, Any]]:
        """Add a link to the receipt."""
        return [*super().panels(request, row), {"template": "console/panels/receipt.html"}]

    @admin.display(description="by")
    def actor(self, row: ConsentEvent) -> str:
        """Return the user or system that recorded it."""
        return format_actor(row)
