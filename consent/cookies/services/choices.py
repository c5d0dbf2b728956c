"""Recording the choices of visitors, and deleting old visitors."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from uuid import UUID, uuid4

from django.db import transaction

from consent.cookies.banner import list_offered
from consent.cookies.data_kinds import list_due_visitors
from consent.cookies.models.choices import BannerVersion, ChoiceSource, CookieChoice, Visitor
from consent.cookies.selectors import find_banner, hash_token
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.ids import new_id

_AT_ONCE = 5_000


class BannerOutdated(PortalError):
    """The texts changed since they were shown: show the current ones and ask again."""

    problem = Problem(
        "cookie-texts-outdated",
        HTTPStatus.CONFLICT,
        "The texts about cookies have changed",
        "Load the configuration again and show it to the visitor.",
    )


class ChildMayNotAccept(PortalError):
    """Optional cookies of a child, or of a visitor whose age is not known, cannot be accepted."""

    problem = Problem(
        "child-may-not-accept",
        HTTPStatus.FORBIDDEN,
        "Optional cookies cannot be accepted for a child",
        'At a client that serves minors, the page must say that the visitor is not a child: data-child="no".',
    )


class NothingToChoose(PortalError):
    """The banner offers no category that the choice could be about."""

    problem = Problem("nothing-to-choose", HTTPStatus.CONFLICT, "There is no category of cookies to choose")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceMade:
    """A choice as a page reports it.

    ``accepted`` are codes of optional categories; the others that were offered are refused. ``has_signal`` is the
    browser's privacy signal. ``is_child`` is None if the page did not say.
    """

    version: int
    language: str
    accepted: Collection[str]
    source: ChoiceSource
    has_signal: bool
    is_child: bool | None


@dataclass(frozen=True, slots=True)
class RecordedChoice:
    """A visitor with the choice in force, and the number that the visitor's browser keeps."""

    visitor: Visitor
    token: UUID


@transaction.atomic
def record_choice(client: Client, made: ChoiceMade, *, token: UUID | None, at: datetime) -> RecordedChoice:
    """Record a visitor's choice as evidence, and as the visitor's state (policy §10).

    A category that the privacy signal covers is refused whatever was accepted; the signal never gives anything. A
    choice by the signal alone leaves the categories open that it does not cover. An unknown or deleted ``token``
    starts a new visitor. Codes that are not offered are ignored.

    Raises BannerOutdated if the shown version is no longer in force, NothingToChoose, ChildMayNotAccept.
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


def list_clients_with_due_visitors(*, at: datetime) -> list[UUID]:
    """List the clients with visitors whose last choice is due for disposal; runs in the officers' context."""
    return list(list_due_visitors(at).order_by().values_list("client_id", flat=True).distinct())


@transaction.atomic
def purge_visitors(client_id: UUID, at: datetime) -> int:
    """Delete a batch of visitors whose last choice is older than the period (policy §10); return how many.

    Their choices stay as evidence that leads to no browser. A visitor who chooses at the same time is left out. Runs in
    the client's context.
    """
    due = list_due_visitors(at).filter(client_id=client_id).order_by("last_at")
    locked = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:_AT_ONCE])
    found, _by_model = Visitor.objects.filter(client_id=client_id, pk__in=locked).delete()
    return found


def _resolve(banner: BannerVersion, made: ChoiceMade) -> tuple[list[str], list[str]]:
    """Return the categories that are given and refused."""
    offered = list_offered(banner.content)
    covered = {one["code"] for one in banner.content["categories"] if one["signal"]} if made.has_signal else set()
    if made.source == ChoiceSource.SIGNAL:
        return [], [code for code in offered if code in covered]
    given = [code for code in offered if code in set(made.accepted) - covered]
    return given, [code for code in offered if code not in given]


def _lock_visitor(client_id: UUID, token: UUID | None, at: datetime) -> tuple[UUID, Visitor]:
    """Return the visitor of a number, locked, or a new one with another number."""
    if token is not None:
        rows = Visitor.objects.select_for_update().filter(client_id=client_id, token_hash=hash_token(token))
        if (found := rows.first()) is not None:
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
