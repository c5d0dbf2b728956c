"""Pages that apps above add to the clients of the console: about one client, or about all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.operations.extensions import ExtensionPoint


@dataclass(frozen=True)
class ClientPage:
    """A read-only page about a client at ``…/<id>/<slug>/``, or, with ``is_list``, about all at ``…/<slug>/``.

    ``values`` returns the template's context; it gets None instead of a client for a page about all. PakTaleem's own
    client has no such page. A page that ``opens_after_adding`` is shown once a client is registered.
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
