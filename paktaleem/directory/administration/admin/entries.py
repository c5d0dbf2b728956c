"""The ledger in the console: read only, newest first."""

import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from django.contrib import admin
from django.db.models import CharField, Count, Max, QuerySet
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.by import ByKind
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.words import FAMILIES, act_in_words
from paktaleem.foundation.console.asking import actor_of
from paktaleem.foundation.console.columns import coded, who, with_actor
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ChosenFilter, ClientFilter
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.site import latest_acts, site

__all__ = ["EntryAdmin"]

LATEST = 8
ACTOR_KINDS = {
    ByKind.USER: gettext_noop("Staff"),
    ByKind.API_KEY: gettext_noop("API key"),
    ByKind.SUBJECT: gettext_noop("The data subject"),
    ByKind.SYSTEM: gettext_noop("System"),
}


class KindFilter(ChosenFilter):
    """Entries of one family of acts."""

    title = "act"
    parameter_name = "act"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Offer families of acts."""
        return [(family, f"{gettext(words)} ({family})") for family, words in FAMILIES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Narrow the list."""
        return queryset.filter(family=self.value()) if self.value() else queryset


class ActorFilter(admin.SimpleListFilter):
    """Entries of one kind of actor."""

    title = "actor kind"
    parameter_name = "actor_kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Offer the kinds there are."""
        return [(kind.value, gettext(words)) for kind, words in ACTOR_KINDS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Narrow the list."""
        return queryset.filter(actor_kind=self.value()) if self.value() else queryset


@admin.register(Entry, site=site)
class EntryAdmin(ExportableAdmin, EvidenceAdmin):
    """Every act that is evidence, as it was recorded."""

    section = "Evidence"
    view_capability = Capability.VIEW_LEDGER
    list_display = ("act", "recorded_at", "actor", "person", "owner")
    list_filter = (KindFilter, ActorFilter, ClientFilter)
    newest_by = "recorded_at"
    row_fields = ()
    detail_fields = ("act", "recorded_at", "actor", "person", "canonical", "hash")
    intro = "Every act that is evidence: who did what to whom and when. Entries are added, never changed."
    empty_text = "Nothing has been recorded yet."
    exported = {
        "act": "kind",
        "recorded_at": "recorded_at",
        "actor_kind": "actor_kind",
        "actor_role": "actor_role",
        "person": "subject_id",
        "body": "body",
        "leaf_hash": "leaf_hash",
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Name the actors; leave out what is sealed."""
        return with_actor(super().get_queryset(request).defer("openings"), actor_of(request))

    @admin.display(description="act")
    def act(self, row: Entry) -> SafeString:
        """Give the act in words, beside its kind."""
        return coded(act_in_words(row.kind), row.kind)

    @admin.display(description="by")
    def actor(self, row: Entry) -> str:
        """Name who acted."""
        return who(row)

    @admin.display(description="person")
    def person(self, row: Entry) -> SafeString | str:
        """Link to the person concerned, if the act concerns one."""
        if row.subject_id is None:
            return "—"
        url = reverse("admin:subjects_subject_change", args=[row.subject_id], current_app=site.name)
        return format_html('<a href="{}">{} …{}</a>', url, gettext("Person"), str(row.subject_id)[-6:])

    @admin.display(description="recorded text")
    def canonical(self, row: Entry) -> SafeString:
        """Show the recorded JSON, laid out for reading."""
        text = json.dumps(json.loads(row.body), indent=2, ensure_ascii=False)
        return format_html('<pre class="record">{}</pre>', text)

    @admin.display(description="leaf hash")
    def hash(self, row: Entry) -> SafeString:
        """Show the hash that is proved."""
        return format_html("<code>{}</code>", bytes(row.leaf_hash).hex())


@latest_acts.connect
def list_latest_acts(actor: Actor) -> Sequence[Any]:
    """Give the latest acts for the first page; two queries.

    Acts of one kind by one actor at one moment are one line with their number: an import of a thousand people is one
    act to whoever reads it.
    """
    if not actor.may(Capability.VIEW_LEDGER):
        return ()
    entries = Entry.objects.order_by("-recorded_at")
    moments = list(entries.values_list("recorded_at", flat=True).distinct()[:LATEST])
    acts = (
        with_actor(entries.filter(recorded_at__in=moments), actor)
        .values("recorded_at", "kind", "actor_kind", "actor_id", "actor_role", "actor_email", "actor_key")
        .annotate(number=Count("id"), newest=Max(Cast("id", CharField())))
        .order_by("-recorded_at", "kind")
    )
    return [_line(act) for act in acts[:LATEST]]


def _line(act: dict[str, Any]) -> dict[str, Any]:
    if act["number"] == 1:
        url = reverse("admin:ledger_entry_change", args=[act["newest"]], current_app=site.name)
    else:
        family = act["kind"].partition(".")[0]
        url = reverse("admin:ledger_entry_changelist", current_app=site.name) + f"?act={family}"
    return {
        "act": act_in_words(act["kind"]),
        "kind": act["kind"],
        "number": act["number"],
        "at": act["recorded_at"],
        "who": who(SimpleNamespace(**act)),
        "url": url,
    }
