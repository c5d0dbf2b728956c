"""Pages behind the first page, which have a tab there: apps above declare them."""

# A line counts exactly the rows of its list, and its severity is declared: half of the lines have no deadline to
# compute one from.

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.due import Severity, list_dues
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.clocks import select_due
from paktaleem.foundation.console.columns import moment_tag
from paktaleem.foundation.console.paging import LIMIT, count_with_first, format_count
from paktaleem.foundation.console.requests import actor_of, may
from paktaleem.foundation.first_rows import take_first
from paktaleem.foundation.operations.extensions import ExtensionPoint

type View = Callable[[HttpRequest, dict[str, object]], HttpResponseBase]


@dataclass(frozen=True, slots=True)
class HomePage:
    """A page behind the first page: its address and name, the word of its tab, who may open it, and its view.

    The view gets the request and the values of every page of the console.
    """

    slug: str
    label: Promise
    capability: Capability
    view: View


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class HomeLink:
    """A button on the first page, for a task that begins there: its word, the name of its page, who may open it."""

    label: Promise
    page: str
    capability: Capability


home_links: ExtensionPoint[HomeLink] = ExtensionPoint("console.home_links", "Buttons on the first page.")
home_pages: ExtensionPoint[HomePage] = ExtensionPoint("console.home_pages", "Pages with a tab on the first page.")


def list_home_urls(site: AdminSite) -> list[URLPattern]:
    """Return the addresses of all pages, each closed to those without its capability."""
    return [path(f"{page.slug}/", site.admin_view(_guard(page, site)), name=page.slug) for page in home_pages]


def _guard(page: HomePage, site: AdminSite) -> Callable[[HttpRequest], HttpResponseBase]:
    def view(request: HttpRequest) -> HttpResponseBase:
        if not may(request, page.capability):
            raise PermissionDenied
        request.current_app = site.name
        tabs = list_home_tabs(actor_of(request), request.path)
        return page.view(request, {**site.each_context(request), "title": page.label, "home_tabs": tabs})

    return view


def list_home_links(actor: Actor) -> list[tuple[str, str]]:
    return [(str(link.label), reverse(link.page)) for link in home_links if actor.may(link.capability)]


def list_home_tabs(actor: Actor, path: str) -> Sequence[Tab]:
    pages = [page for page in home_pages if actor.may(page.capability)]
    home = reverse("admin:index")
    tabs = [(page.label, reverse(f"admin:{page.slug}")) for page in pages]
    return [Tab(str(label), url, url == path) for label, url in [(gettext("Today"), home), *tabs]] if pages else []


MOST_CARDS = 10
"""Rows of one kind with a card of their own on the first page."""


@dataclass(frozen=True, slots=True)
class Card:
    """A number on the first page. One with a severity needs the reader.

    ``due_at`` is the earliest day or time by which it must be done; ``waits_since`` is when the oldest of its rows
    began to wait, if nothing says by when it must be done.
    """

    title: str
    value: str
    note: str = ""
    url: str = ""
    severity: Severity = Severity.NONE
    due_at: date | None = None
    waits_since: date | None = None

    @property
    def needs_attention(self) -> bool:
        return self.severity > Severity.NONE

    @property
    def due(self) -> SafeString | str:
        return _render(self.due_at)

    @property
    def since(self) -> SafeString | str:
        return _render(self.waits_since)


def _render(at: date | None) -> SafeString | str:
    if at is None:
        return ""
    return moment_tag(at) if isinstance(at, datetime) else format_html('<bdi dir="ltr">{}</bdi>', at.isoformat())


@dataclass(frozen=True, slots=True)
class Task:
    """Rows that need the reader, and the list that shows exactly them.

    ``due`` names the field with the day or time by which a row must be done, ``since`` the field with the time from
    which it waits. At most one of them is given.
    """

    title: str
    rows: QuerySet[Model]
    note: str
    url: str
    severity: Severity = Severity.TO_DO
    due: str = ""
    since: str = ""


type Line = Card | Task
"""A line that an app adds to the first page: a number of its own, or rows to be counted."""


def list_due_tasks(actor: Actor, at: datetime) -> list[Line]:
    found: list[Line] = []
    for model, due in list_dues():
        if not actor.may(due.who):
            continue
        rows = select_due(model._default_manager.all(), due.rows, at)
        url = f"{reverse(f'admin:{model._meta.app_label}_{model._meta.model_name}_changelist')}?{due.query}"
        found.append(Task(str(due.label), rows, str(due.note), url, due.severity, due.on, due.since))
    return found


def count_lines(lines: Iterable[Line]) -> list[Card]:
    """Return the cards among the lines, and one for each task that has rows; all tasks are counted in one query.

    The earliest time is left out if there are more rows than are counted.
    """
    lines = list(lines)
    tasks = [line for line in lines if isinstance(line, Task)]
    found = count_with_first(*((task.rows, task.due or task.since) for task in tasks)) if tasks else []
    counted = dict(zip(map(id, tasks), found, strict=True))
    cards = []
    for line in lines:
        if isinstance(line, Card):
            cards.append(line)
            continue
        count, first = counted[id(line)]
        due_at, waits_since = (first if field and count <= LIMIT else None for field in (line.due, line.since))
        if count:
            number = format_count(count)
            cards.append(Card(line.title, number, line.note, line.url, line.severity, due_at, waits_since))
    return cards


def make_cards[Row](rows: QuerySet[Any, Row], to_card: Callable[[Row], Card], *, url: str) -> list[Card]:
    """Return a card for each of the first rows, and if there are others, one that says so, with a link to the list."""
    found = take_first(rows, MOST_CARDS)
    cards = [to_card(row) for row in found]
    if found.note:
        cards.append(Card(cards[0].title, "…", found.note, url, cards[0].severity))
    return cards


def sort_by_urgency(cards: Iterable[Card]) -> list[Card]:
    return sorted(cards, key=lambda card: (-card.severity, *_rank(card.due_at), *_rank(card.waits_since)))


def _rank(at: date | None) -> tuple[bool, str]:
    return at is None, "" if at is None else at.isoformat()  # a day sorts before the times of that day
