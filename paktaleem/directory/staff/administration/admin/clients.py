"""Console pages for clients and for their changes that need approval."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db.models import F, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop

from paktaleem.directory.people.selectors import list_protected
from paktaleem.directory.schools.models import School
from paktaleem.directory.schools.selectors import find_places
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.changes import find_waiting
from paktaleem.foundation.accounts.client_services import PROTECTION, ReducesProtection, change_client
from paktaleem.foundation.accounts.leaving import list_able
from paktaleem.foundation.accounts.middleware import get_arrival_time
from paktaleem.foundation.accounts.models import Client, FullAgesField, ThresholdsField
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.console.approvals import EffectFigures, describe_effect, effect_figures
from paktaleem.foundation.console.columns import moment_tag, text_column
from paktaleem.foundation.console.forms import GroundField, ScopedForm
from paktaleem.foundation.console.model_admin import Fieldsets, Saving
from paktaleem.foundation.console.paging import count_each_up_to, format_count
from paktaleem.foundation.console.requests import actor_of
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.row_search import RowSearch
from paktaleem.foundation.console.search import searches
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.steps import Step, SteppedAdmin
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.tenancy.school_limits import IsAmong


@dataclass(frozen=True)
class ClientPage:
    """A read-only page about a client, except PakTaleem, at ``…/<id>/<slug>/``; with ``is_list`` about all clients.

    ``values`` returns the template's context. A page that ``opens_after_adding`` is shown for a new client.
    """

    slug: str
    title: str
    capability: Capability
    template: str
    values: Callable[[HttpRequest, Client | None], dict[str, Any]]
    is_list: bool = False
    opens_after_adding: bool = False


client_pages: ExtensionPoint[ClientPage] = ExtensionPoint(
    "administration.client_pages", "Pages about every client, or about all clients."
)


@dataclass(frozen=True)
class PublicPage:
    """A page of a client that is open to everyone; ``url_name`` takes the client's code."""

    title: str
    url_name: str


public_pages: ExtensionPoint[PublicPage] = ExtensionPoint(
    "administration.public_pages", "Public pages of every client, linked from its page in the console."
)


class ClientForm(ScopedForm):
    """A form with a ground, which is asked for only if the change reduces guardian protection."""

    ground = GroundField(required=False)


class CountryThresholdsField(forms.CharField):
    """Age thresholds by country as text: one line each, with the two-letter country code and the years."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{one} {years}" for one, years in sorted(value.items())) if isinstance(value, dict) else value

    def to_python(self, value: Any) -> dict[str, int]:  # type: ignore[override]
        found: dict[str, int] = {}
        for line in (super().to_python(value) or "").splitlines():
            country, _space, years = line.strip().partition(" ")
            if not country:
                continue
            if not years.strip().isdecimal() or country.upper() in found:
                message = gettext("“{line}” is not valid: enter each country once, for example DE 16.")
                raise forms.ValidationError(message.format(line=line))
            found[country.upper()] = int(years)
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial or {}), data))


_CLIENT_STEPS = (
    Step(
        "institution",
        gettext_noop("The institution"),
        gettext_noop(
            "The name and address are printed on receipts and public pages. Days and deadlines are counted in the "
            "time zone. The code is used in addresses and by programs, and cannot be changed later."
        ),
        ("name", "code", "country", "time_zone", "address"),
    ),
    Step(
        "children",
        gettext_noop("Children"),
        gettext_noop(
            "Say from which age people decide for themselves. Below it a guardian decides. If the institution serves "
            "minors, a person of unknown age counts as a child."
        ),
        ("serves_minors", "age_threshold", "country_thresholds", "country_full_ages"),
    ),
    Step(
        "kind",
        gettext_noop("Real or practice"),
        gettext_noop(
            "A sandbox is for developers: it has no real people, its clock can be moved, and it never becomes a real "
            "client. Leave this empty for an institution that signs an agreement."
        ),
        ("is_sandbox",),
    ),
)


@admin.register(Client, site=site)
class ClientAdmin(SteppedAdmin[Client]):
    steps = _CLIENT_STEPS

    view_capability = Capability.VIEW_CLIENTS
    add_capability = change_capability = Capability.MANAGE_CLIENTS
    owner_column = None
    row_fields = tuple(name for step in _CLIENT_STEPS for name in step.fields)
    fixed = ("code", "is_sandbox")
    detail_fields = ("created_at", "clock")
    list_display = ("name", "code", "country", "time_zone", "serves_minors", "age_threshold", "is_sandbox")
    list_filter = ("serves_minors", "is_sandbox")
    search_fields = ("name", "code")
    form = ClientForm
    intro = "Institutions with a service agreement. PakTaleem is one of them, for its own purposes."
    empty_text = "No clients are registered yet."
    clock = text_column(lambda row: moment_tag(wall_clock_now() + row.clock_offset) if row.is_sandbox else "—", "clock")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> forms.Field | None:
        if not isinstance(db_field, ThresholdsField):
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        is_full = isinstance(db_field, FullAgesField)
        example = (
            gettext("One per line, for example DE 21.") if is_full else gettext("One per line, for example DE 16.")
        )
        return CountryThresholdsField(
            label=capfirst(translate_text(db_field.verbose_name)),
            required=False,
            widget=forms.Textarea(attrs={"rows": 3}),
            help_text=f"{translate_text(db_field.help_text)} {example}",
        )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, str | list[str]]:
        with in_client(PAKTALEEM):
            here = Client.objects.get(pk=PAKTALEEM)
        suggested = {"country": here.country, "time_zone": here.time_zone, "reason": Reason.ONBOARDING.value}
        return {**suggested, **super().get_changeform_initial_data(request)}

    def get_readonly_fields(self, request: HttpRequest, obj: Client | None = None) -> tuple[str, ...]:  # noqa: ARG002
        return () if obj is None else (*self.fixed, *self.detail_fields)

    def get_fieldsets(self, request: HttpRequest, obj: Client | None = None) -> Fieldsets:
        sets = super().get_fieldsets(request, obj)
        if getattr(request, "reduces", False) or "ground" in request.POST:
            sets = [*sets, (gettext("Weaker safeguard"), {"fields": ["ground"], "classes": ["why"]})]
        return sets

    def list_effects(self, row: Client) -> list[str]:
        if row.is_sandbox:
            kind = gettext("It is a sandbox: its keys are test keys, and it is in no figure of all clients.")
        else:
            kind = gettext("Every decision is a denial until an agreement is signed and instructs purposes.")
        if row.serves_minors:
            age = gettext(
                "A guardian decides for people below {age} years and for those of unknown age who are not staff."
            )
        else:
            age = gettext(
                "A guardian decides for people below {age} years; people of unknown age decide for themselves."
            )
        return [
            gettext(
                "Only PakTaleem’s staff see it, until you invite its first administrator on the page that follows."
            ),
            age.format(age=row.age_threshold),
            kind,
            gettext("Its page of purposes and requests is public at once, under its code."),
        ]

    def panels(self, request: HttpRequest, row: Client) -> list[dict[str, object]]:
        reduces = getattr(request, "reduces", False)
        found = [describe_effect(PROTECTION.code, row, get_arrival_time(request))] if reduces else []
        if actor_of(request).client_id is None and not row.is_paktaleem:
            with in_client(row.pk):
                has_administrator = list_able(row.pk, at=get_arrival_time(request))
            if not has_administrator:
                found.append({"template": "console/panels/no_administrator.html"})
        pages = [(one.title, self.url_of(one.slug, row)) for one in self._pages_of(request, row)]
        if pages:
            found.append({"template": "console/panels/client_pages.html", "pages": pages})
        public = [(one.title, reverse(one.url_name, args=[row.code])) for one in public_pages]
        return [*found, {"template": "console/panels/public_pages.html", "pages": public}]

    def _pages_of(self, request: HttpRequest, row: Client) -> list[ClientPage]:
        if row.is_paktaleem:
            return []
        return [one for one in client_pages if not one.is_list and self._may(request, one.capability, row)]

    def get_urls(self) -> list[URLPattern]:
        return [*map(self._page_url, client_pages), *super().get_urls()]

    def _page_url(self, page: ClientPage) -> URLPattern:
        def view(request: HttpRequest, object_id: str = "") -> HttpResponse:
            return self._client_page(request, page, object_id)

        address = f"{page.slug}/" if page.is_list else f"<path:object_id>/{page.slug}/"
        name = f"accounts_client_{page.slug}{'_list' if page.is_list else ''}"
        return path(address, self.admin_site.admin_view(view), name=name)

    def _client_page(self, request: HttpRequest, page: ClientPage, object_id: str) -> HttpResponse:
        row = None if page.is_list else self._row_or_404(request, object_id)
        if not self._may(request, page.capability, row):
            raise PermissionDenied
        if row is not None and row.is_paktaleem:
            raise Http404
        return self.page(request, row, page.template, title=translate_text(page.title), **page.values(request, row))

    def response_add(self, request: HttpRequest, obj: Client, post_url_continue: str | None = None) -> HttpResponse:
        response = super().response_add(request, obj, post_url_continue)
        first = next((one for one in self._pages_of(request, obj) if one.opens_after_adding), None)
        return response if first is None else HttpResponseRedirect(self.url_of(first.slug, obj))

    def _acts_of(self, request: HttpRequest, row: Any) -> list[RowAction]:
        is_sandbox = row is not None and row.is_sandbox  # all acts on a client are for sandboxes
        return super()._acts_of(request, row) if is_sandbox else []

    def write(self, row: Client, saving: Saving) -> None:
        request = saving.request
        at, ground = get_arrival_time(request), request.POST.get("ground", "")
        try:
            change_client(row, ground=ground, actor=saving.actor, reason=saving.reason, at=at)
        except ReducesProtection:
            request.reduces = True
            raise
        if find_waiting(row).filter(requested_at=at).exists():
            words = gettext(
                "The change to the age rules reduces guardian protection and awaits approval by a second person."
            )
            messages.warning(request, words)


def _count_protected(_kind: str, client: Any, _at: datetime, _roles: Iterable[str]) -> dict[str, object]:
    with in_client(client.pk):
        children, unknown = map(format_count, count_each_up_to(*list_protected(client.pk, at=client_now())))
    return {"children": children, "unknown": unknown}


effect_figures.connect(EffectFigures(frozenset({PROTECTION.code}), "console/panels/protection.html", _count_protected))
searches.connect(RowSearch(Client, ("code", "name"), contains=True))


_MOST_NAMES = 20
"""How many names are looked up; LMS ids are found together, in one query."""


def show_schools(school_ids: Iterable[UUID] | None) -> str:
    found = School.objects.filter(pk__in=school_ids or []).order_by("external_id")
    return ", ".join(found.values_list("external_id", flat=True))


def read_schools(text: str, *, client_id: UUID, actor: Actor) -> list[UUID] | None:
    """Return the ids of the schools that a text names by LMS id or name, None for an empty text.

    Raises ValidationError naming what is not exactly one school, and for an empty text of a limited member.
    """
    wanted = {one.strip() for one in re.split(r"[,\n]", text) if one.strip()}
    if not wanted:
        if actor.schools is not None:
            raise forms.ValidationError(gettext("Name at least one of your own schools."))
        return None
    rows = School.objects.filter(client_id=client_id, external_id__in=wanted)
    if actor.schools is not None:
        rows = rows.filter(pk__in=actor.schools)
    found = dict(rows.values_list("external_id", "pk"))
    found |= _find_by_name(wanted - found.keys(), client_id, actor)
    if unknown := sorted(wanted - found.keys()):
        words = gettext("No school that you may choose has these ids or names: {ids}.")
        raise forms.ValidationError(words.format(ids=", ".join(unknown)))
    return sorted(found.values())


def _find_by_name(names: Collection[str], client_id: UUID, actor: Actor) -> dict[str, UUID]:
    if len(names) > _MOST_NAMES:
        raise forms.ValidationError(gettext("Enter at most 20 names; use the LMS ids of the others."))
    found = {}
    for name in names:
        schools = {one.key for one in find_places(client_id, name, [School])}
        if len(may := schools if actor.schools is None else schools & set(actor.schools)) == 1:
            found[name] = may.pop()
    return found


def with_school_names(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Annotate memberships, or changes of staff, with the names of their schools (``school_names``), in one query."""
    schools = School.objects.filter(IsAmong(F("id"), OuterRef("school_ids")), client_id=OuterRef("client_id"))
    named = schools.order_by("name", "pk").values("name")
    annotated: QuerySet[Any] = rows.annotate(school_names=ArraySubquery(named))
    return annotated


def name_limit(row: Any) -> str:
    """Return the names of the schools to which an annotated row is limited, or “everyone”."""
    if row.school_ids is None:
        return gettext("everyone")
    return ", ".join(row.school_names) or gettext("schools that no longer exist")
