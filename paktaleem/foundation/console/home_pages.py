"""Pages behind the first page, which have a tab there: apps above declare them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.requests import actor_of, may
from paktaleem.foundation.extensions.points import ExtensionPoint

type View = Callable[[HttpRequest, dict[str, Any]], HttpResponseBase]


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
    """A tab of the first page: its word, its address, and whether it is the open one."""

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
    """Return the words and addresses of the buttons that the actor may use."""
    return [(str(link.label), reverse(link.page)) for link in home_links if actor.may(link.capability)]


def list_home_tabs(actor: Actor, path: str) -> Sequence[Tab]:
    """Return the tabs that the actor may open; none if there is only the first page."""
    pages = [page for page in home_pages if actor.may(page.capability)]
    home = reverse("admin:index")
    tabs = [(page.label, reverse(f"admin:{page.slug}")) for page in pages]
    return [Tab(str(label), url, url == path) for label, url in [(_today(), home), *tabs]] if pages else []


def _today() -> str:
    return gettext("Today")
