"""Reading the registers of cookies and links, banners and choices."""

import hashlib
from collections.abc import Iterable, Sequence
from uuid import UUID

from consent.cookies.models import (
    BannerVersion,
    Cookie,
    CookieCategory,
    CookieChoice,
    CookieSite,
    LinkedService,
    Visitor,
)
from paktaleem.foundation.first_rows import FirstRows, take_latest
from paktaleem.foundation.tenancy.context import read_in_one_statement
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.times import join_words


def find_client_of_site(key: str) -> UUID | None:
    """Return the client whose site has this public key and is in use, or None; works outside any context."""
    [[client_id]] = read_in_one_statement("SELECT cookies_client_of_site(%s)", [key])
    found: UUID | None = client_id
    return found


def get_open_origins(client_id: UUID) -> frozenset[str]:
    """Return the origins from which a client's site may read its configuration and report choices."""
    sites = CookieSite.objects.filter(client_id=client_id, is_active=True).values_list("origins", flat=True)
    return frozenset(origin for origins in sites for origin in origins)


def list_cookies(client_id: UUID) -> list[Cookie]:
    """Return the cookies in use at a client, by category and name."""
    return list(Cookie.objects.filter(client_id=client_id, is_active=True).order_by("category", "name", "storage"))


def find_banner(client_id: UUID) -> BannerVersion | None:
    """Return the version of a client's banner in force, or None before the first cookie is registered."""
    return BannerVersion.objects.filter(client_id=client_id).order_by("-number").first()


def find_visitor(client_id: UUID, token: UUID | None) -> Visitor | None:
    """Return the visitor whose browser holds this number, or None."""
    if token is None:
        return None
    return Visitor.objects.filter(client_id=client_id, token_hash=hash_token(token)).first()


def list_choices(visitor: Visitor, *, most: int) -> FirstRows[CookieChoice]:
    """Return a visitor's latest choices, newest first, without the texts that were shown."""
    rows = CookieChoice.objects.filter(client_id=visitor.client_id, visitor=visitor.pk)
    return take_latest(rows.select_related("version").defer("version__content"), most)


def name_categories(codes: Iterable[str]) -> str:
    """Return the names of cookie categories in a sentence; a dash for none."""
    return join_words(CookieCategory(code).label for code in codes) or "—"


def hash_token(token: UUID) -> str:
    """Return the stored form of a browser's number: 122 random bits need no salt."""
    return hashlib.sha256(token.bytes).hexdigest()


def list_links(client_id: UUID) -> Sequence[LinkedService]:
    """Return the linked services shown at a client: its own and PakTaleem's, by name."""
    return list(LinkedService.objects.in_use().filter(client_id__in={client_id, PAKTALEEM}).order_by("name", "id"))
