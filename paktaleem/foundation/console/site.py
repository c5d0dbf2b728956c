"""Admin site of the console: access, start page and navigation."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote
from uuid import UUID
from zoneinfo import available_timezones

from allauth.account.views import login as sign_in
from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext as _, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.middleware import CHOSEN_MEMBERSHIP, as_received
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sessions import has_required_factors
from paktaleem.foundation.accounts.staff_services import choose_time_zone
from paktaleem.foundation.console.forms import set_choices
from paktaleem.foundation.console.guides import show_guide, show_guides
from paktaleem.foundation.console.home_pages import (
    Card,
    Line,
    count_lines,
    list_due_tasks,
    list_home_links,
    list_home_tabs,
    list_home_urls,
    sort_by_urgency,
)
from paktaleem.foundation.console.long_acts import WAY_BACK, find_way_back
from paktaleem.foundation.console.requests import actor_of, find_membership, get_action_time
from paktaleem.foundation.console.search import show_search
from paktaleem.foundation.console.time_zones import get_default_zone, get_reader_zone
from paktaleem.foundation.console.translation import get_other_language, translate_text
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.context import current_client, in_global

if TYPE_CHECKING:
    from paktaleem.foundation.accounts.models import User
    from paktaleem.foundation.accounts.selectors import MembershipChoice
    from paktaleem.foundation.console.model_admin import ScopedAdmin


type Visible = tuple[str, str]
"""Name and address of a list."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the menu. Lists are named by their model, as ``app_label.ModelName``.

    ``lists`` are in the menu, most used first. ``more`` are logs and rare lists, behind the tabs of the section.
    ``help`` is the id of the heading of the guide that explains the section.
    """

    code: str
    name: Promise
    lists: tuple[str, ...]
    more: tuple[str, ...] = ()
    help: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A list that the reader may see: name, address, and whether only the tabs and the filter show it."""

    name: str
    url: str
    is_rare: bool


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A section with the lists that the reader may see; the first one is in the menu even if it is rare."""

    code: str
    name: str
    entries: tuple[Entry, ...]
    help: str

    @property
    def has_rare(self) -> bool:
        return any(entry.is_rare for entry in self.entries)


def show_sections(sections: Sequence[Section], visible: Mapping[str, Visible]) -> list[ShownSection]:
    """Return the sections that have a visible list. ``visible``: the lists that the reader may see, by model."""
    shown = []
    for section in sections:
        labels = [label for label in (*section.lists, *section.more) if label in visible]
        rare = {*section.more} - {*labels[:1]}
        entries = tuple(Entry(*visible[label], is_rare=label in rare) for label in labels)
        if entries:
            shown.append(ShownSection(section.code, str(section.name), entries, section.help))
    return shown


def find_current(sections: Sequence[ShownSection], path: str) -> tuple[ShownSection | None, str]:
    """Return the section and the address of the list to which a page belongs; None and "" for another page."""
    for section in sections:
        for entry in section.entries:
            if entry.url in path:
                return section, entry.url
    return None, ""


class AccountForm(forms.Form):
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        required=False,
        help_text=gettext_lazy(
            "Every page of the console shows times in it, and reads the times that you enter in it."
        ),
    )

    def __init__(self, *args: Any, default: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = ("", _("As by default: {zone}").format(zone=default))
        set_choices(self, "time_zone", [first, *((name, name) for name in sorted(available_timezones()))])


def show_account(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    user = cast("User", request.user)
    given = request.POST if request.method == "POST" else None
    form = AccountForm(given, default=get_default_zone(request).name, initial={"time_zone": user.time_zone})
    if form.is_valid():
        with in_global():
            choose_time_zone(user, form.cleaned_data["time_zone"])
        messages.success(request, _("Saved."))
        return HttpResponseRedirect(reverse("admin:account"))
    return TemplateResponse(request, "console/account.html", {**context, "title": _("Your account"), "form": form})


type Board = Callable[[Actor, datetime], Sequence[Line]]
type LatestActs = Callable[[Actor], Sequence[object]]
type _Viewer = tuple[frozenset[Capability], bool, str]
"""The menu depends on these: capabilities, whether the actor is an officer (for every client), and the language."""

boards: ExtensionPoint[Board] = ExtensionPoint(
    "console.boards",
    "Lines of the first page. Tasks are counted together in one query; anything else takes a fixed number.",
)
school_names: ExtensionPoint[Callable[[Iterable[UUID]], list[str]]] = ExtensionPoint(
    "console.school_names", "The names of the schools to which the reader is limited, in the head of every page."
)
latest_acts: ExtensionPoint[LatestActs] = ExtensionPoint("console.latest_acts", "The latest acts, on the first page.")


def list_cards(actor: Actor, at: datetime) -> list[Card]:
    return count_lines([*list_due_tasks(actor, at), *(line for board in boards for line in board(actor, at))])


def select_attention(cards: Iterable[Card]) -> list[Card]:
    return sort_by_urgency(card for card in cards if card.needs_attention)


@never_cache
@csrf_protect
def choose_membership(request: HttpRequest, site: "ConsoleSite") -> HttpResponse:
    if not request.user.is_authenticated or not has_required_factors(request):
        return HttpResponseRedirect(f"{reverse('admin:login', current_app=site.name)}?next={quote(request.path)}")
    choices = {str(one.id): one for one in as_received(request).memberships}
    wanted = request.POST.get("membership", "")
    if request.method == "POST" and wanted in choices:
        request.session[CHOSEN_MEMBERSHIP] = wanted
        return HttpResponseRedirect(reverse("admin:index", current_app=site.name))
    request.current_app = site.name
    values = {"choices": list(choices.values()), "chosen": request.session.get(CHOSEN_MEMBERSHIP)}
    context = {**site.each_context(request), "title": _("Choose a membership"), **values}
    return TemplateResponse(request, "console/choose.html", context)


_UNUSED_PAGES = {"autocomplete", "logout", "view_on_site"}


class ConsoleSite(AdminSite):
    """Django's admin site for users with a membership; Django's log and permissions are not used."""

    site_header = "PakTaleem privacy"
    site_title = "PakTaleem privacy"
    index_title = gettext_lazy("Today")
    index_template = "console/home.html"
    site_url = None
    empty_value_display = "—"
    sections: Sequence[Section] = ()
    """The sections of the menu; the URL configuration sets them, since they name lists of every app."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._lists: dict[_Viewer, list[Any]] = {}
        self._shown: dict[_Viewer, list[ShownSection]] = {}
        self._rendered: dict[tuple[str, _Viewer, str], SafeString] = {}

    def has_permission(self, request: HttpRequest) -> bool:
        return getattr(request, "actor", None) is not None

    def get_urls(self) -> list[URLPattern | URLResolver]:
        used = [url for url in super().get_urls() if getattr(url, "name", None) not in _UNUSED_PAGES]
        own = [
            path("choose/", choose_membership, {"site": self}, name="choose"),
            path("account/", self._page(show_account), name="account"),
            path("search/", self._page(show_search), name="search"),
            path("help/", self._page(show_guides), name="guides"),
            path("help/<slug:chapter>/", self._page(show_guide), name="guide"),
            path("logout/", self.logout, name="logout"),  # also for users without a role
        ]
        return [*own, *list_home_urls(self), *used]

    def describe_row(self, row: Any) -> str:
        owner: Any = self._registry.get(type(row))
        return str(owner.describe_row(row) if owner else row)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        memberships: Sequence[MembershipChoice] = getattr(request, "memberships", [])
        workplace = find_membership(request)
        limit = None if workplace is None or current_client() is None else workplace.school_ids
        section = find_current(self.show_sections(request), request.path)[0] if self.has_permission(request) else None
        guide = reverse("admin:guide", args=["console"]) if self.has_permission(request) else ""
        own = {
            "workplace": workplace,
            "own_schools": [] if limit is None else [name for find in school_names for name in find(limit)],
            "is_limited": limit is not None,
            "reader_zone": get_reader_zone(request),
            "may_switch": len(memberships) > 1,
            "other_language": get_other_language(),
            "is_nav_sidebar_enabled": self.has_permission(request),
            "way_back": find_way_back(request),
            "help_url": guide + (f"#{section.help}" if section and section.help else ""),
        }
        return {**super().each_context(request), **own}

    @method_decorator(never_cache)
    @login_not_required
    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        del extra_context
        if not request.user.is_authenticated:
            answer: HttpResponse = sign_in(request)
            return answer
        if not has_required_factors(request):
            return HttpResponseRedirect(reverse("mfa_index"))
        return HttpResponseRedirect(reverse(f"admin:{'index' if self.has_permission(request) else 'choose'}"))

    def get_model_admin[M: Model](self, model: type[M]) -> "ScopedAdmin[M]":
        return cast("ScopedAdmin[M]", super().get_model_admin(model))

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        with in_global():  # an account has no client
            return super().password_change(request, extra_context)

    def _page(self, show: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, **place: str) -> HttpResponse:
            request.current_app = self.name
            return show(request, context=self.each_context(request), **place)

        return self.admin_view(view)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        if app_label is not None:
            return super().get_app_list(request, app_label)
        viewer = _viewer_of(request)
        if viewer not in self._lists:
            self._lists[viewer] = super().get_app_list(request)
        return self._lists[viewer]

    def show_sections(self, request: HttpRequest) -> list[ShownSection]:
        """Return the sections with the lists that the actor may see; made once for each role and language."""
        viewer = _viewer_of(request)
        if viewer not in self._shown:
            visible: dict[str, Visible] = {}
            for model in (one for app in self.get_app_list(request) for one in app["models"] if one["admin_url"]):
                options = model["model"]._meta
                name = capfirst(translate_text(options.verbose_name_plural))
                visible[options.label] = (name, model["admin_url"])
            self._shown[viewer] = show_sections(self.sections, visible)
        return self._shown[viewer]

    def render_sections(self, template: str, request: HttpRequest) -> SafeString:
        """Render a template with the sections, this page's list marked; once for each role, language and list."""
        sections = self.show_sections(request)
        section, current = find_current(sections, request.path)
        current = current or (request.path if request.path == reverse("admin:index") else "")
        key = (template, _viewer_of(request), current)
        if key not in self._rendered:
            context = {"sections": sections, "section": section, "current": current}
            self._rendered[key] = render_to_string(template, context)
        return self._rendered[key]

    def app_index(self, *_: object, **__: object) -> HttpResponse:  # type: ignore[override]
        raise Http404

    def index(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        request.session.pop(WAY_BACK, None)
        actor, at = actor_of(request), get_action_time(request)
        cards = list_cards(actor, at)
        context = {
            "attention": select_attention(cards),
            "cards": [card for card in cards if not card.needs_attention],
            "latest": [act for source in latest_acts for act in source(actor)],
            "home_tabs": list_home_tabs(actor, request.path),
            "home_links": list_home_links(actor),
        }
        return super().index(request, {**context, **(extra_context or {})})


def _viewer_of(request: HttpRequest) -> _Viewer:
    actor: Actor | None = getattr(request, "actor", None)
    capabilities = frozenset[Capability]() if actor is None else actor.capabilities
    return capabilities, actor is not None and actor.client_id is None, get_language() or ""


site = ConsoleSite(name="console")
