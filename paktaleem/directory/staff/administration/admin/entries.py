"""Ledger pages of the console: read only, newest first."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from django.contrib import admin
from django.db.models import CharField, Count, Max, Model, Q, QuerySet
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_lazy as _

from paktaleem.directory.people.admin.people import LABELS, person_url
from paktaleem.directory.people.models import AccessRecord, Subject
from paktaleem.directory.people.services.people import SEARCHED
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.client_services import RECOMPUTE_AGES
from paktaleem.foundation.accounts.models import Client, Membership, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.names import FAMILY_NAMES, get_act_name
from paktaleem.foundation.console.columns import (
    actor_column,
    annotate_actor,
    format_actor,
    moment,
    reason_label,
    render_with_code,
    text_column,
)
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ChosenFilter, ClientFilter, ConditionFilter
from paktaleem.foundation.console.history import format_fact_name, format_parts
from paktaleem.foundation.console.home_pages import HomePage, home_pages
from paktaleem.foundation.console.long_acts import list_work, long_acts, make_run_act
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.person_pages import LOOKS, list_url_of_person, on_tab
from paktaleem.foundation.console.register_names import format_categories, format_purposes
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_search import RowSearch
from paktaleem.foundation.console.search import searches
from paktaleem.foundation.console.site import latest_acts, site
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.first_rows import take_latest
from paktaleem.foundation.tenancy.school_limits import begin_with_people
from paktaleem.foundation.text.times import join_words

LATEST_SHOWN = 8
_PURPOSES = {"purpose", "purposes", "purpose_code"}
_CATEGORIES = {"category", "categories"}
_CODES = """
basis becomes_state cause channel choice decision direction format given_by ground instrument kind kind_of_file
mechanism method origin outcome page refusal_code relationship result role roles route stage state step strength way
"""
"""Facts whose values are codes that have names elsewhere in the console."""
_TIME = re.compile(r"\A\d{4}-\d\d-\d\dT\d\d:\d\d[0-9:.]*(Z|[+-]\d\d:\d\d)\Z")


class KindFilter(ChosenFilter):
    title = "act"
    parameter_name = "act"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:  # noqa: ARG002
        return [(family, f"{gettext(words)} ({family})") for family, words in FAMILY_NAMES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:  # noqa: ARG002
        return queryset.filter(family=self.value()) if self.value() else queryset


class ActorFilter(ConditionFilter):
    title = "actor kind"
    parameter_name = "actor_kind"
    offered = {
        ByKind.USER: (_("Staff"), Q(actor_kind=ByKind.USER)),
        ByKind.API_KEY: (_("API key"), Q(actor_kind=ByKind.API_KEY)),
        ByKind.SUBJECT: (_("The data subject"), Q(actor_kind=ByKind.SUBJECT)),
        ByKind.SYSTEM: (_("System"), Q(actor_kind=ByKind.SYSTEM)),
    }


def _hide_demands(entries: QuerySet[Entry], actor: Actor) -> QuerySet[Entry]:
    """Leave out, for the client's staff, the acts of authorities' demands, which may be secret; see their own page."""
    if actor.client_id is None:
        return entries
    demands = Entry.objects.filter(family="legal_disclosure")
    return entries.exclude(pk__in=demands.values("pk"))  # by id, so that the indexes of the list still give its order


@admin.register(Entry, site=site)
class EntryAdmin(ExportableAdmin[Entry], EvidenceAdmin[Entry]):
    view_capability = Capability.VIEW_RECORDS
    list_display = ("act", "recorded_at", "actor", "person", "owner")
    list_filter = (KindFilter, ActorFilter, ClientFilter)
    row_fields = ()
    detail_fields = ("act", "recorded_at", "actor", "person", "in_words", "canonical", "hash")
    intro = "Evidence of every act: who did it, to whom and when. Entries are never changed or deleted."
    empty_text = "Nothing has been recorded yet."
    exported = "act=kind recorded_at actor_kind actor_role person=subject_id body leaf_hash"
    act = text_column(lambda row: render_with_code(get_act_name(row.kind), row.kind), "act")
    actor = actor_column()
    hash = text_column(lambda row: format_html("<code>{}</code>", bytes(row.leaf_hash).hex()), "leaf hash")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        actor = actor_of(request)
        return annotate_actor(_hide_demands(super().get_queryset(request), actor).defer("openings"), actor)

    def describe_row(self, row: Entry) -> str:
        return f"{get_act_name(row.kind)} {moment(row.recorded_at)}"

    @admin.display(description="person")
    def person(self, row: Entry) -> SafeString | str:
        if row.subject_id is None:
            return "—"
        url = reverse("admin:people_subject_change", args=[row.subject_id], current_app=site.name)
        return format_html('<a href="{}">{} …{}</a>', url, gettext("Person"), str(row.subject_id)[-6:])

    @admin.display(description="details")
    def in_words(self, row: Entry) -> SafeString | str:
        facts: dict[str, object] = json.loads(row.body)["facts"]
        lines = [(format_fact_name(name), _describe_fact(name, facts[name], row)) for name in sorted(facts)]
        return format_html_join("", "<div><bdi>{}</bdi>: <bdi>{}</bdi></div>", lines) if lines else "—"

    @admin.display(description="recorded text")
    def canonical(self, row: Entry) -> SafeString:
        text = json.dumps(json.loads(row.body), indent=2, ensure_ascii=False)
        return format_html(
            '<details><summary>{}</summary><pre class="record">{}</pre></details>', gettext("Show the exact text"), text
        )


def _describe_fact(name: str, value: Any, row: Entry) -> str:
    if name == "reason" and isinstance(value, str):
        return reason_label(value)
    if name in _PURPOSES and value:
        return format_purposes(value if isinstance(value, list) else [value], row.client_id)
    if name in _CATEGORIES and value:
        return format_categories(value if isinstance(value, list) else [value], row.client_id)
    if name in _CODES.split() and value:
        return join_words(map(_name_code, value if isinstance(value, list) else [value]))
    if isinstance(value, str) and _TIME.match(value):
        return moment(datetime.fromisoformat(value))
    return format_parts(value)


def _name_code(code: Any) -> str:
    words = str(code).replace("_", " ")
    if get_language() == "en":
        return words.capitalize()
    translated = ((one, translate_text(one)) for one in (words.capitalize(), words))
    return next((found for one, found in translated if found != one), words)


@latest_acts.connect
def list_latest_acts(actor: Actor) -> Sequence[object]:
    """Return the latest acts of members of staff, in two queries; those of one actor, kind and time as one line."""
    if not actor.may(Capability.VIEW_RECORDS):
        return ()
    of_staff = Entry.objects.filter(actor_kind=ByKind.USER).order_by("-recorded_at")
    entries = begin_with_people(_hide_demands(of_staff, actor))
    moments = list(entries.values_list("recorded_at", flat=True).distinct()[:LATEST_SHOWN])
    acts = (
        annotate_actor(entries.filter(recorded_at__in=moments), actor)
        .values("recorded_at", "kind", "actor_kind", "actor_id", "actor_role", "actor_email", "actor_key")
        .annotate(number=Count("id"), newest=Max(Cast("id", CharField())))
        .order_by("-recorded_at", "kind")
    )
    return [_serialize_act(act) for act in acts[:LATEST_SHOWN]]


def _serialize_act(act: dict[str, Any]) -> dict[str, Any]:
    if act["number"] == 1:
        url = reverse("admin:audit_entry_change", args=[act["newest"]], current_app=site.name)
    else:
        family = act["kind"].partition(".")[0]
        url = reverse("admin:audit_entry_changelist", current_app=site.name) + f"?act={family}"
    return {
        "act": get_act_name(act["kind"]),
        "kind": act["kind"],
        "number": act["number"],
        "at": act["recorded_at"],
        "who": format_actor(SimpleNamespace(**act)),
        "url": url,
    }


searches.connect(RowSearch(Entry))


_MOST = 50


@admin.register(AccessRecord, site=site)
class AccessRecordAdmin(ExportableAdmin[AccessRecord], EvidenceAdmin[AccessRecord]):
    view_capability = Capability.VIEW_RECORDS
    list_display = ("looked_at", "actor", "reason", "shown", "person", "owner")
    list_filter = ("reason", "client")
    detail_fields = ("looked_at", "actor", "reason", "shown", "person")
    intro = "Every access to a person's personal data, and every search that found them: who, why and which fields."
    empty_text = "Personal data has not been accessed."
    exported = "looked_at actor_kind actor_role reason fields person=subject__external_id"
    actor = actor_column()
    person = text_column(
        lambda row: format_html('<a href="{}">{}</a>', person_url(row.subject_id), row.subject), "person"
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessRecord]:
        return annotate_actor(super().get_queryset(request).select_related("subject"), actor_of(request))

    @admin.display(description="fields")
    def shown(self, row: AccessRecord) -> str:
        labels = {**LABELS, SEARCHED: gettext("Found by a search")}
        return join_words(labels.get(name, name) for name in row.fields.split(", "))


@on_tab(LOOKS)
def looks_panel(request: HttpRequest, row: Subject) -> dict[str, object] | None:
    """Show who looked at a person's data, why and at which fields: the latest fifty accesses."""
    if not may(request, Capability.VIEW_RECORDS, row.client_id):
        return None
    page = AccessRecordAdmin(AccessRecord, site)
    found = AccessRecord.objects.filter(client_id=row.client_id, subject=row).order_by("-looked_at", "-id")
    lines = take_latest(annotate_actor(found, actor_of(request)), _MOST).map(
        lambda one: {
            "one": one,
            "who": format_actor(one),
            "fields": page.shown(one),
            "reason": reason_label(one.reason),
        }
    )
    all_url = list_url_of_person(AccessRecord, row.pk)
    return {"template": "console/panels/looks.html", "lines": lines, "all_url": all_url}


def show_work(request: HttpRequest, context: dict[str, object]) -> TemplateResponse:
    """Show the long acts that run or ended lately, of the client or of all."""
    actor = actor_of(request)
    found = list_work(actor, at=get_action_time(request))
    staff = User.objects.filter(pk__in={one.progress.started_by for one in found if one.progress.started_by})
    if actor.client_id is not None:
        staff = staff.filter(pk__in=Membership.objects.filter(client_id=actor.client_id).values("user_id"))
    names = dict(staff.values_list("pk", "email"))
    clients = dict(Client.objects.filter(pk__in={one.row.client_id for one in found}).values_list("pk", "name"))
    lines = found.map(
        lambda one: {
            "work": one,
            "client": clients.get(one.row.client_id, ""),
            "who": names.get(by, "PakTaleem") if (by := one.progress.started_by) else gettext("System"),
        }
    )
    values = {"lines": lines, "is_running": any(one.progress.is_running for one in found)}
    return TemplateResponse(request, "console/work.html", {**context, **values})


home_pages.connect(HomePage("work", _("Work in progress"), Capability.VIEW_RECORDS, show_work))
long_acts.connect(
    make_run_act(
        RECOMPUTE_AGES,
        _("Ages after a changed threshold"),
        Capability.VIEW_RECORDS,
        lambda run: reverse("admin:accounts_client_change", args=[run.client_id]),
    )
)
