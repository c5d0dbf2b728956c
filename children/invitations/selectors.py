"""Selectors of invitations, of a guardian's children, and of children without an answer."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from children.guardians.models import Guardianship, ServiceAuthorisation
from children.guardians.selectors import list_of_full_age
from children.invitations.models import Invitation, State
from paktaleem.directory.people.models import GuardianClaim, Subject, SubjectRole, having_any_role
from paktaleem.directory.people.selectors import age_is_known, having_left, list_subjects, sealers_of
from paktaleem.directory.schools.selectors import EVERYONE, Selection, select_chosen
from paktaleem.foundation.accounts.actors import Actor, Authorship
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.canonical import canonical

_LEARNERS = (SubjectRole.STUDENT, SubjectRole.LEARNER)


def list_wards(guardian: Subject, *, at: datetime) -> list[Guardianship]:
    """List the guardianships in which a person may decide, by the child's LMS id; without adults."""
    rows = Guardianship.objects.live(at).filter(
        client_id=guardian.client_id, guardian=guardian, may_consent=True, court_order=False, child__erased_at=None
    )
    found = list(rows.select_related("child__client").order_by("child__external_id", "id"))
    grown = list_of_full_age([row.child for row in found], at=at)
    return [row for row in found if row.child_id not in grown]


def get_names_for_guardian(children: Iterable[Subject], *, client_id: UUID) -> dict[UUID, str]:
    """Return children's decrypted names by id for their guardian; the sign-in logs the access. Raises CannotOpen."""
    rows = list(children)
    sealers = sealers_of(client_id, [one.pk for one in rows])
    return {
        one.pk: sealers[one.pk].open(one.full_name, column="people_subject.full_name")
        for one in rows
        if one.full_name is not None and one.pk in sealers
    }


@dataclass(frozen=True, slots=True)
class InvitationCounts:
    """Counts of the chosen children: with an answer, with an invitation, without a named guardian, and to be asked."""

    children: int
    answered: int
    asked: int
    nobody_named: int
    to_ask: int


class LeftOut(TextChoices):
    """Why no guardian is asked about someone who was chosen by id."""

    UNKNOWN = "unknown", _("No one at this client has this id")
    GONE = "gone", _("Have left")
    OTHER_ROLE = "other_role", _("Neither a student nor a learner")
    NOT_CHOSEN = "not_chosen", _("Not in the chosen schools, classes, grades or role")
    OF_AGE = "of_age", _("Of age: they decide for themselves")


def list_children_to_ask_about(
    client: Client, chosen: Selection = EVERYONE, *, actor: Actor, at: datetime
) -> QuerySet[Subject]:
    """List the chosen children, and people of unknown age if the client serves minors; no leavers.

    Raises NotAllowed.
    """
    known = age_is_known(client)
    unknown = Q(of_age_at=None) | ~known if client.serves_minors else Q(pk=None)
    return _select_pupils(client, chosen, actor=actor, at=at).filter(Q(of_age_at__gt=at) & known | unknown)


def _select_pupils(client: Client, chosen: Selection, *, actor: Actor, at: datetime) -> QuerySet[Subject]:
    here = list_subjects(actor).filter(client=client, erased_at=None).exclude(having_left())
    return select_chosen(here, chosen, client=client, at=at).filter(having_any_role(_LEARNERS))


def list_left_out(client: Client, chosen: Selection, *, actor: Actor, at: datetime) -> dict[LeftOut, list[str]]:
    """List the chosen ids about whom no guardian is asked, by the first reason that applies. Raises NotAllowed."""
    by: Authorship = {"actor": actor, "at": at}
    everyone = list_subjects(actor).filter(client=client, external_id__in=chosen.ids)
    here, ids = everyone.exclude(having_left()), Selection(ids=chosen.ids)
    steps: list[tuple[LeftOut, QuerySet[Subject]]] = [
        (LeftOut.UNKNOWN, everyone),
        (LeftOut.GONE, here),
        (LeftOut.OTHER_ROLE, _select_pupils(client, ids, **by)),
        (LeftOut.NOT_CHOSEN, _select_pupils(client, chosen, **by)),
        (LeftOut.OF_AGE, list_children_to_ask_about(client, chosen, **by)),
    ]
    left, found = set(chosen.ids), {}
    for reason, people in steps:
        kept = {*people.order_by().values_list("external_id", flat=True)}
        if left - kept:
            found[reason] = sorted(left - kept)
        left &= kept
    return found


def count_missing(children: QuerySet[Subject]) -> InvitationCounts:
    """Return the counts shown before the guardians of these children are asked; one query each."""
    has_answer, is_asked = _exists(ServiceAuthorisation.objects.all()), _exists(_asked())
    open_ones = children.exclude(has_answer)
    asked, unasked = open_ones.filter(is_asked).count(), open_ones.exclude(is_asked)
    to_ask, answered = unasked.filter(_has_guardian()).count(), children.filter(has_answer).count()
    return InvitationCounts(children.count(), answered, asked, unasked.count() - to_ask, to_ask)


def _asked() -> QuerySet[Invitation]:
    return Invitation.objects.exclude(state=State.EXPIRED)


def _exists(rows: QuerySet[Any]) -> Exists:
    return Exists(rows.filter(client_id=OuterRef("client_id"), child_id=OuterRef("pk")))


def _has_guardian() -> Exists | Q:
    standing = Guardianship.objects.still_named().filter(ends_at=None)
    return _exists(GuardianClaim.objects.filter(ends_at=None)) | _exists(standing)


def without_answer(children: QuerySet[Subject]) -> QuerySet[Subject]:
    """Filter the children with a named guardian, but without an answer or a pending invitation."""
    unasked = children.exclude(_exists(ServiceAuthorisation.objects.all())).exclude(_exists(_asked()))
    return unasked.filter(_has_guardian())


_SALT = "children.shown"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TokenForged(Exception):
    """The token was not signed by the portal for this guardian, child and question."""


class TokenStale(Exception):
    """The notice was shown too long ago, or its text has changed since."""


@dataclass(frozen=True, slots=True)
class ShownNotice:
    """A notice shown to a guardian: ``about`` is the question, ``words`` the hash of the whole notice."""

    guardian: UUID
    child: UUID
    about: str
    words: str
    at: datetime


def hash_notice(notice: object) -> str:
    """Return the SHA-256 hash, in hex, of a notice given as JSON values (RFC 8785)."""
    return hashlib.sha256(canonical(notice)).hexdigest()


def sign_token(seen: ShownNotice) -> str:
    """Return the token of a notice, signed by the portal."""
    claims = {
        "g": seen.guardian.hex,
        "c": seen.child.hex,
        "a": seen.about,
        "w": seen.words,
        "t": (seen.at - _EPOCH).total_seconds(),
    }
    return signing.Signer(salt=_SALT).sign_object(claims, compress=True)


def verify_token(token: str, now: ShownNotice, *, kept_for: timedelta) -> datetime:
    """Return when the notice was shown.

    Raises TokenForged if the token is invalid or of another guardian, child or question; TokenStale if the text has
    changed or the token is older than ``kept_for``.
    """
    try:
        claims: dict[str, Any] = signing.Signer(salt=_SALT).unsign_object(token)
    except signing.BadSignature as error:
        raise TokenForged from error
    if (claims["g"], claims["c"], claims["a"]) != (now.guardian.hex, now.child.hex, now.about):
        raise TokenForged
    shown_at = _EPOCH + timedelta(seconds=claims["t"])
    if claims["w"] != now.words or not shown_at <= now.at < shown_at + kept_for:
        raise TokenStale
    return shown_at
