"""The console's access log: who viewed sealed personal fields."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from paktaleem.directory.people.admin.people import LABELS, person_url
from paktaleem.directory.people.models import AccessRecord, Subject
from paktaleem.directory.people.services.searches import SEARCHED
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import annotate_actor, format_actor, reason_label
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.person_pages import LOOKS, list_url_of_person, on_tab
from paktaleem.foundation.console.requests import actor_of, may
from paktaleem.foundation.console.site import site
from paktaleem.foundation.first_rows import take_latest
from paktaleem.foundation.word_lists import join_words

_MOST = 50


@admin.register(AccessRecord, site=site)
class AccessRecordAdmin(ExportableAdmin, EvidenceAdmin):
    """Accesses to sealed personal fields, with the reason for each."""

    view_capability = Capability.VIEW_ACCESS_LOG
    list_display = ("looked_at", "actor", "reason", "shown", "person", "owner")
    list_filter = ("reason", "client")
    newest_by = "looked_at"
    detail_fields = ("looked_at", "actor", "reason", "shown", "person")
    intro = "Every access to a person's personal data, and every search that found them: who, why and which fields."
    empty_text = "Personal data has not been accessed."
    exported = {
        "looked_at": "looked_at",
        "actor_kind": "actor_kind",
        "actor_role": "actor_role",
        "reason": "reason",
        "fields": "fields",
        "person": "subject__external_id",
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Annotate the actors' names and select related subject."""
        return annotate_actor(super().get_queryset(request).select_related("subject"), actor_of(request))

    @admin.display(description="by")
    def actor(self, row: AccessRecord) -> str:
        """Return the name of the person or key that accessed the data."""
        return format_actor(row)

    @admin.display(description="fields")
    def shown(self, row: AccessRecord) -> str:
        """Return the labels of the fields shown."""
        labels = {**LABELS, SEARCHED: gettext("Found by a search")}
        return join_words(labels.get(name, name) for name in row.fields.split(", "))

    @admin.display(description="person")
    def person(self, row: AccessRecord) -> SafeString:
        """Link to the person."""
        return format_html('<a href="{}">{}</a>', person_url(row.subject_id), row.subject)


@on_tab(LOOKS)
def looks_panel(request: HttpRequest, row: Subject) -> dict[str, Any] | None:
    """Show who looked at a person's data, why and at which fields: the latest fifty accesses."""
    if not may(request, Capability.VIEW_ACCESS_LOG, row.client_id):
        return None
    page: AccessRecordAdmin = site.get_model_admin(AccessRecord)
    found = AccessRecord.objects.filter(client_id=row.client_id, subject=row).order_by("-looked_at", "-id")
    lines = take_latest(annotate_actor(found, actor_of(request)), _MOST).map(
        lambda one: {
            "one": one,
            "who": format_actor(one),
            "fields": page.shown(one),
            "reason": reason_label(one.reason),
        }
    )
    return {
        "template": "console/panels/looks.html",
        "lines": lines,
        "all_url": list_url_of_person(AccessRecord, row.pk),
    }
