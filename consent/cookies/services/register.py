"""Changes to the registers of cookies, sites and links. Each change of a cookie publishes a version of the banner."""

import hashlib
import secrets
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from consent.cookies.banner import build_content
from consent.cookies.models.choices import BannerVersion
from consent.cookies.models.links import LinkedService
from consent.cookies.models.register import Cookie, CookieCategory, CookieSite
from consent.cookies.selectors import find_banner, list_cookies
from consent.register.models.safeguards import SafeguardChange, SafeguardKind
from consent.register.services.register import (
    change_register,
    check_register_row,
    prepare_row,
    save_register_row,
    stored_row,
)
from consent.register.services.safeguards import build_changed_row, list_changed_values, store_safeguard_change
from consent.register.weakening import WeakensSafeguard, is_sandbox
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.canonical import canonical
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.locks import advisory_lock

_RELIED_ON = ("category", "provider", "set_by", "purpose_en", "purpose_ur", "is_active")
"""Columns that show why a cookie is necessary, so that it needs no consent."""

_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})


@transaction.atomic
def save_cookie(cookie: Cookie, *, actor: Actor, reason: Reason | str, at: datetime) -> Cookie:
    """Add or change a cookie of the register, and publish the banner's new text (policy §10).

    Raises ValidationError naming the field, WeakensSafeguard if visitors would not be asked about it, NotAllowed.
    """
    if _is_no_longer_asked(cookie) and actor.kind is not ByKind.SYSTEM and not is_sandbox(cookie.client_id):
        raise WeakensSafeguard(SafeguardKind.COOKIE)
    saved = change_register(cookie, actor=actor, reason=reason, at=at)
    publish_banner(cookie.client_id, actor=actor, at=at)
    return saved


@transaction.atomic
def request_necessary_cookie(cookie: Cookie, *, ground: str, actor: Actor, at: datetime) -> SafeguardChange:
    """Request a cookie about which visitors are not asked; it is registered once a second person approves it.

    Follows decision 0053. Raises ValidationError naming the field, NotAllowed.
    """
    prepare_row(cookie, actor)
    before = stored_row(cookie)
    check_register_row(cookie, before, at=at)
    about: dict[str, Any] = {"purpose": "", "values": list_changed_values(cookie, before), "ground": ground}
    return store_safeguard_change(cookie, SafeguardKind.COOKIE, **about, actor=actor, at=at)


def apply_approved_cookie(change: SafeguardChange, *, actor: Actor, reason: Reason | str, at: datetime) -> bool:
    """Save the cookie of an approved change; False for a change of another kind. Connected to ``weaker_rows``."""
    if change.kind != SafeguardKind.COOKIE:
        return False
    cookie: Any = build_changed_row(change, at)
    check_register_row(cookie, stored_row(cookie), at=at)
    save_register_row(cookie, actor=actor, reason=reason, at=at)
    publish_banner(cookie.client_id, actor=actor, at=at)
    return True


def _is_no_longer_asked(cookie: Cookie) -> bool:
    """Return True if a cookie becomes necessary, so that it needs no consent, or if a necessary one changes its use."""
    if cookie.category != CookieCategory.NECESSARY or not cookie.is_active:
        return False
    stored = Cookie.objects.filter(pk=cookie.pk, client_id=cookie.client_id).first()
    return stored is None or any(getattr(stored, name) != getattr(cookie, name) for name in _RELIED_ON)


@transaction.atomic
def save_site(site: CookieSite, *, actor: Actor, reason: Reason | str, at: datetime) -> CookieSite:
    """Add or change a client's site with the banner; a new one gets its public key (policy §10).

    Raises ValidationError for an origin that is not ``https://host`` (``http`` on this computer only), NotAllowed.
    """
    site.origins = [_to_origin(origin) for origin in site.origins or []]
    if len(set(site.origins)) != len(site.origins):
        raise ValidationError({"origins": [_("Name each origin once.")]})
    if not site.key:
        site.key = f"site_{secrets.token_hex(16)}"
    return change_register(site, actor=actor, reason=reason, at=at)


@transaction.atomic
def save_link(link: LinkedService, *, actor: Actor, reason: Reason | str, at: datetime) -> LinkedService:
    """Add or change a linked service (policy §11).

    Raises ValidationError naming the field, SharedRowNotEditable for a shared row, NotAllowed.
    """
    if link._state.adding and link.review_on is not None:
        _require_later(link, link.review_on, at=at)
    return change_register(link, actor=actor, reason=reason, at=at)


@transaction.atomic
def review_link(
    link: LinkedService, *, review_on: date, actor: Actor, reason: Reason | str, at: datetime
) -> LinkedService:
    """Record that a linked service and its policy were reviewed, and set the next review day (policy §11).

    Raises ValidationError if the day is not after today in the client's time zone, SharedRowNotEditable, NotAllowed.
    """
    _require_later(link, review_on, at=at)
    link.review_on = review_on
    saved = change_register(link, actor=actor, reason=reason, at=at)
    record_entry("link.reviewed", client_id=link.client_id, facts=_review_facts(link), actor=actor, at=at)
    return saved


def publish_banner(client_id: UUID, *, actor: Actor, at: datetime) -> BannerVersion | None:
    """Store the texts of a client's banner as a new version, unless they are unchanged; returns the new version.

    Follows policy §10, decision 0082. The caller has checked who may. Changes of one client are published one after the
    other. Visitors are asked again only if the optional part changed.
    """
    advisory_lock(f"cookies.banner/{client_id}")
    content = build_content(list_cookies(client_id))
    digest, before = _digest(content), find_banner(client_id)
    if before is not None and before.digest == digest:
        return None
    number = before.number + 1 if before else 1
    is_same = before is not None and _optional_part(before.content) == _optional_part(content)
    version = BannerVersion(
        id=new_id(),
        client_id=client_id,
        number=number,
        asks_since=before.asks_since if before is not None and is_same else number,
        content=content,
        digest=digest,
        made_at=at,
    )
    version.save(force_insert=True)
    facts = {"number": number, "digest": digest}
    record_entry("cookie.banner_published", client_id=client_id, facts=facts, actor=actor, at=at)
    return version


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(content)).hexdigest()


def _optional_part(content: dict[str, Any]) -> Any:
    """Return the part of a banner that visitors decide about."""
    categories = content["categories"]
    texts = {
        language: [one for one in text["categories"] if one["code"] != "necessary"]
        for language, text in content["texts"].items()
    }
    return categories, texts


def _to_origin(text: str) -> str:
    """Return an origin in the form that browsers send (RFC 6454 §6.2). Raises ValidationError."""
    refused = ValidationError({"origins": [_("Write https:// and the host, without a path: https://lms.example")]})
    try:
        parts = urlsplit(text.strip().removesuffix("/"))
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise refused from error
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    is_plain = parts.scheme == "http" and shown in _LOCAL
    extra = parts.path or parts.query or parts.fragment or parts.username is not None
    if not host or extra or not (parts.scheme == "https" or is_plain) or not host.isascii():
        raise refused
    if any(sign in host for sign in " ,;*'\"<>"):
        raise refused
    default = (parts.scheme, parts.port) in {("https", 443), ("http", 80)}
    return f"{parts.scheme}://{shown}{'' if default else port}"


def _require_later(link: LinkedService, review_on: date, *, at: datetime) -> None:
    if review_on <= at.astimezone(ZoneInfo(link.client.time_zone)).date():
        raise ValidationError({"review_on": [_("Choose a day after today.")]})


def _review_facts(link: LinkedService) -> dict[str, str]:
    return {"link": str(link.pk), "review_on": link.review_on.isoformat()}
