"""Services of cookies and links."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _, gettext_lazy

from consent.cookies.banner import build_content, list_offered
from consent.cookies.models import (
    BannerVersion,
    ChoiceSource,
    Cookie,
    CookieCategory,
    CookieChoice,
    CookieSite,
    LinkedService,
    SetBy,
    Visitor,
)
from consent.cookies.selectors import find_banner, hash_token, list_cookies
from consent.register.effects import WeakensSafeguard, is_sandbox
from consent.register.services import change_register, save_changed_row
from paktaleem.foundation.accounts.actors import Actor, system_actor
from paktaleem.foundation.accounts.acts import act, as_given, refuse_if
from paktaleem.foundation.accounts.changes import ChangeKind, ProposedChange
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.canonical import canonical, format_time
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.context import advisory_lock
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal
from paktaleem.foundation.upkeep.periods.services import get_cutoff

_RELIED_ON = ("category", "provider", "set_by", "purpose_en", "purpose_ur", "is_active")
"""Columns that show why a cookie is necessary, so that it needs no consent."""

_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})


@transaction.atomic
def save_cookie(cookie: Cookie, *, actor: Actor, reason: Reason | str, at: datetime) -> Cookie:
    """Add or change a cookie, and publish the banner's new text (policy §10).

    Raises ValidationError naming the field, WeakensSafeguard if visitors would not be asked about it, NotAllowed.
    """
    if _is_no_longer_asked(cookie) and actor.kind is not ByKind.SYSTEM and not is_sandbox(cookie.client_id):
        raise WeakensSafeguard(UNASKED.code)
    saved = change_register(cookie, actor=actor, reason=reason, at=at)
    publish_banner(cookie.client_id, actor=actor, at=at)
    return saved


def _apply(change: ProposedChange, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    save_changed_row(change, actor=actor, reason=reason, at=at)
    publish_banner(change.client_id, actor=actor, at=at)


UNASKED = ChangeKind(
    code="cookie",
    label=gettext_lazy("Visitors are not asked about a cookie"),
    effect=gettext_lazy(
        "The cookie counts as necessary: the banner does not ask visitors about it, and they cannot refuse it."
    ),
    columns=("category", "provider", "set_by", "purpose_en", "purpose_ur", "days"),
    apply=_apply,
)


def _is_no_longer_asked(cookie: Cookie) -> bool:
    """Return True if a cookie becomes necessary, so that it needs no consent, or if a necessary one changes its use."""
    if cookie.category != CookieCategory.NECESSARY or not cookie.is_active:
        return False
    stored = Cookie.objects.filter(pk=cookie.pk, client_id=cookie.client_id).first()
    return stored is None or any(getattr(stored, name) != getattr(cookie, name) for name in _RELIED_ON)


@transaction.atomic
def save_site(site: CookieSite, *, actor: Actor, reason: Reason | str, at: datetime) -> CookieSite:
    """Add or change a client's site; a new one gets its key (policy §10). Raises ValidationError for a bad origin."""
    site.origins = [_to_origin(origin) for origin in site.origins or []]
    if len(set(site.origins)) != len(site.origins):
        raise ValidationError({"origins": [_("Name each origin once.")]})
    if not site.key:
        site.key = f"site_{secrets.token_hex(16)}"
    return change_register(site, actor=actor, reason=reason, at=at)


@transaction.atomic
def save_link(link: LinkedService, *, actor: Actor, reason: Reason | str, at: datetime) -> LinkedService:
    """Add or change a linked service (policy §11). Raises ValidationError naming the field, NotAllowed."""
    if link._state.adding and link.review_on is not None:
        _require_later(link, link.review_on, at=at)
    return change_register(link, actor=actor, reason=reason, at=at)


NextReview = Annotated[
    date,
    forms.DateField(
        label=gettext_lazy("Review day"),
        help_text=gettext_lazy("On this day, the first page asks to read the policy again."),
    ),
]


@act(
    "review",
    "Record a review",
    Capability.MANAGE_REGISTER,
    lead="The service is still linked, and its privacy policy was read. Set the day of the next review.",
    done="Reviewed.",
    check=refuse_if(lambda row: not row.is_active, gettext_lazy("This service is no longer linked.")),
    lock=as_given,
)
def review_link(
    link: LinkedService, *, review_on: NextReview, actor: Actor, reason: Reason | str, at: datetime
) -> LinkedService:
    """Record that a linked service was reviewed (policy §11). Raises ValidationError for a day that is not to come."""
    _require_later(link, review_on, at=at)
    link.review_on = review_on
    saved = change_register(link, actor=actor, reason=reason, at=at)
    facts = {"link": str(link.pk), "review_on": link.review_on.isoformat()}
    record_entry("link.reviewed", client_id=link.client_id, facts=facts, actor=actor, at=at)
    return saved


def publish_banner(client_id: UUID, *, actor: Actor, at: datetime) -> BannerVersion | None:
    """Store the texts of a client's banner as a new version, unless unchanged; return it (decision 0082).

    Visitors are asked again only if the optional part changed. The caller has checked who may.
    """
    advisory_lock(f"cookies.banner/{client_id}")
    content = build_content(list_cookies(client_id))
    digest, before = hashlib.sha256(canonical(content)).hexdigest(), find_banner(client_id)
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


def _optional_part(content: dict[str, Any]) -> tuple[object, object]:
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
    if review_on <= link.client.day_at(at):
        raise ValidationError({"review_on": [_("Choose a day after today.")]})


_AT_ONCE = 5_000
_VISITOR = system_actor("cookies.page")


class BannerOutdated(PortalError):
    """The texts changed since they were shown: show the current ones and ask again."""

    problem = Problem(
        "cookie-texts-outdated",
        "The texts about cookies have changed",
        "Load the configuration again and show it to the visitor.",
    )


class ChildMayNotAccept(PortalError):
    """Optional cookies of a child, or of a visitor whose age is not known, cannot be accepted."""

    problem = Problem(
        "child-may-not-accept",
        "Optional cookies cannot be accepted for a child",
        'At a client that serves minors, the page must say that the visitor is not a child: data-child="no".',
        status=HTTPStatus.FORBIDDEN,
    )


class NothingToChoose(PortalError):
    """The banner offers no category that the choice could be about."""

    problem = Problem("nothing-to-choose", "There is no category of cookies to choose")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceMade:
    """A choice as a page reports it: what is not ``accepted`` is refused; ``is_child`` is None if it did not say."""

    version: int
    language: str
    accepted: Collection[str]
    source: ChoiceSource
    has_signal: bool
    is_child: bool | None


class RecordedChoice(NamedTuple):
    """A visitor with the choice in force, and the number that the visitor's browser keeps."""

    visitor: Visitor
    token: UUID


@transaction.atomic
def record_choice(client: Client, made: ChoiceMade, *, token: UUID | None, at: datetime) -> RecordedChoice:
    """Record a visitor's choice as evidence, and as the visitor's state (policy §10); unknown tokens start a new one.

    A category that the privacy signal covers is refused whatever was accepted. A choice by the signal alone leaves the
    others open. Raises BannerOutdated if the shown version is not in force, NothingToChoose, ChildMayNotAccept.
    """
    banner = find_banner(client.pk)
    if banner is None or not banner.asks_since <= made.version <= banner.number:
        raise BannerOutdated
    given, refused = _resolve(banner, made)
    if not given and not refused:
        raise NothingToChoose
    token, visitor = _lock_visitor(client.pk, token, at)
    _refuse_child(client, made, set(given), visitor)
    visitor = _save_visitor(visitor, given, refused, banner.number, at)
    choice = CookieChoice(
        id=new_id(),
        client_id=client.pk,
        visitor=visitor.pk,
        version=BannerVersion.objects.get(client_id=client.pk, number=made.version),
        language=made.language,
        given=given,
        refused=refused,
        source=made.source,
        has_signal=made.has_signal,
        recorded_at=at,
    )
    choice.save(force_insert=True)
    return RecordedChoice(visitor, token)


@transaction.atomic
def delete_visitor(client: Client, token: UUID, *, at: datetime) -> str:
    """Delete the link from a browser to its choices, for its visitor; return the certificate (policy §9, §10).

    The certificate is canonical JSON (RFC 8785), which only the visitor keeps; the ledger has its SHA-256. Empty for a
    number that is not known.
    """
    visitor = _find_locked(client.pk, token)
    if visitor is None:
        return ""
    choices = CookieChoice.objects.filter(client_id=client.pk, visitor=visitor.pk).count()
    content = {
        "type": "cookie_link_deletion_certificate",
        "version": 1,
        "client": {"code": client.code, "name": client.name},
        "number_sha256": visitor.token_hash,
        "choices": choices,
        "first_at": format_time(visitor.first_at),
        "last_at": format_time(visitor.last_at),
        "deleted_at": format_time(at),
    }
    visitor.delete()
    certificate = canonical(content)
    facts = {"sha256": hashlib.sha256(certificate).hexdigest(), "choices": choices}
    record_entry("cookie.link_deleted", client_id=client.pk, facts=facts, actor=_VISITOR, at=at)
    return certificate.decode()


def list_due_visitors(at: datetime) -> QuerySet[Visitor]:
    """List the visitors whose last choice is due for disposal at ``at``, in the current context."""
    found: QuerySet[Visitor] = Visitor.objects.filter(last_at__lte=get_cutoff(VISITORS.code, at=at))
    return found


@transaction.atomic
def purge_visitors(client_id: UUID, at: datetime) -> int:
    """Delete a batch of visitors older than the period, in the client's context; their choices stay (policy §10)."""
    due = list_due_visitors(at).filter(client_id=client_id).order_by("last_at")
    locked = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:_AT_ONCE])
    found, _by_model = Visitor.objects.filter(client_id=client_id, pk__in=locked).delete()
    return found


def _resolve(banner: BannerVersion, made: ChoiceMade) -> tuple[list[str], list[str]]:
    offered = list_offered(banner.content)
    covered = {one["code"] for one in banner.content["categories"] if one["signal"]} if made.has_signal else set()
    if made.source == ChoiceSource.SIGNAL:
        return [], [code for code in offered if code in covered]
    given = [code for code in offered if code in set(made.accepted) - covered]
    return given, [code for code in offered if code not in given]


def _find_locked(client_id: UUID, token: UUID) -> Visitor | None:
    rows = Visitor.objects.select_for_update().filter(client_id=client_id, token_hash=hash_token(token))
    return rows.first()


def _lock_visitor(client_id: UUID, token: UUID | None, at: datetime) -> tuple[UUID, Visitor]:
    if token is not None and (found := _find_locked(client_id, token)) is not None:
        return token, found
    token = uuid4()
    return token, Visitor(
        id=new_id(), client_id=client_id, token_hash=hash_token(token), first_at=at, last_at=at, given=[], refused=[]
    )


def _refuse_child(client: Client, made: ChoiceMade, given: set[str], visitor: Visitor) -> None:
    """Raise ChildMayNotAccept if a child accepts anything, or a visitor of unknown age something more than before."""
    if made.is_child:
        allowed: set[str] = set()
    elif made.is_child is None and client.serves_minors:
        allowed = set(visitor.given)
    else:
        return
    if given - allowed:
        raise ChildMayNotAccept


def _save_visitor(visitor: Visitor, given: list[str], refused: list[str], version: int, at: datetime) -> Visitor:
    """Store the choice in force: categories decided now change, and the others keep their last answer."""
    decided = {*given, *refused}
    visitor.given = sorted({*(code for code in visitor.given if code not in decided), *given})
    visitor.refused = sorted({*(code for code in visitor.refused if code not in decided), *refused})
    visitor.version, visitor.last_at = version, max(at, visitor.last_at)
    visitor.save()
    return visitor


PORTAL_COOKIES: tuple[tuple[str, int, str, str], ...] = (
    ("sessionid", 1, "Keeps staff signed in to the console.", "عملے کو کنسول میں سائن ان رکھتی ہے۔"),
    (
        "csrftoken",
        365,
        "Shows that a form was sent from this portal, not from another site.",
        "ظاہر کرتی ہے کہ فارم اسی پورٹل سے بھیجا گیا، کسی اور سائٹ سے نہیں۔",
    ),
    ("language", 365, "Remembers the language of staff.", "عملے کی منتخب زبان یاد رکھتی ہے۔"),
    (
        "paktaleem_*",
        1,
        "Keeps you signed in to your own page after you entered a code.",
        "کوڈ درج کرنے کے بعد آپ کو اپنے صفحے پر سائن ان رکھتی ہے۔",
    ),
    (
        "cookie_choice_*",
        182,
        "Remembers your choice about cookies on the page about cookies.",
        "کوکیز کے صفحے پر آپ کا انتخاب یاد رکھتی ہے۔",
    ),
)
"""Cookies that the portal sets: name, days, and purpose in both languages. All of them are necessary."""


def load_starter_cookies(actor: Actor, at: datetime) -> int:
    """Add the portal's own cookies not yet in the register, in PakTaleem's context; return how many (policy §10)."""
    known = set(Cookie.objects.filter(client_id=PAKTALEEM).values_list("name", flat=True))
    missing = [one for one in PORTAL_COOKIES if one[0] not in known]
    for name, days, purpose_en, purpose_ur in missing:
        cookie = Cookie(
            client_id=PAKTALEEM,
            name=name,
            provider="PakTaleem",
            set_by=SetBy.SITE,
            category=CookieCategory.NECESSARY,
            purpose_en=purpose_en,
            purpose_ur=purpose_ur,
            days=days,
        )
        change_register(cookie, actor=actor, reason=Reason.ONBOARDING, at=at)
    publish_banner(PAKTALEEM, actor=actor, at=at)
    return len(missing)


VISITORS = DataKind(
    code="cookie_visitors",
    name=gettext_lazy("Links from visitors’ browsers to their choices about cookies"),
    counted_from=gettext_lazy("The visitor’s last choice"),
    disposal=Disposal.UNLINKED,
    bounds=Bounds(395, 30, 730),
    due=list_due_visitors,
    purge=lambda client_id, at, **_actor: purge_visitors(client_id, at),
)
