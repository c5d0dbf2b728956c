"""Statements of a person beside data that was not corrected as they asked: record, take back, and show them.

They stay as long as the person's data does, are part of each copy, and are handed on with the data (34 CFR
99.21(b)(2), (c); the profiles of law say where a law asks for it).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.directory.people.services.people import lock_subject, record_access
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.errors import PortalError, Problem
from rights.rectifications.models import Correction, CorrectionState, Disagreement
from rights.rectifications.services import list_recipients_to_inform, require_may_state
from rights.rectifications.values import CATEGORY, OTHER
from rights.requests.models import RequestPart, RightKind, RightsRequest
from rights.requests.services.steps import list_parts, lock_request, record_step, require_subject
from rights.requests.states import Decision

MOST_CHARACTERS = 2_000
"""Longest statement."""
_TEXT = "rectifications_disagreement.text"


class NothingRefused(PortalError):
    """No correction of the request was refused."""

    problem = Problem("nothing-refused", "No correction of the request was refused")
    console_message = "No correction of this request was refused."


class Stated(NamedTuple):
    """A statement in clear, the categories of the data it is about (none: all), and its time."""

    categories: list[str]
    text: str
    stated_at: datetime


def is_disagreement_possible(parts: Iterable[RequestPart]) -> bool:
    """Return True if a correction that a request with these parts asks for was refused, wholly or in part."""
    decided = {part.decision for part in parts if part.kind == RightKind.RECTIFICATION}
    return bool(decided & {Decision.REFUSED, Decision.PARTLY})


@transaction.atomic
def state_disagreement(request: RightsRequest, *, text: str, actor: Actor, at: datetime) -> Disagreement:
    """Record, replace or (if ``text`` is empty) take back the statement beside the data that a request is about.

    The recipients of the data are listed, so that staff inform them. Raises NothingRefused, AlreadyErased, NotAllowed.
    """
    require_may_state(request, actor)
    request = lock_request(request)
    if not is_disagreement_possible(list_parts(request)):
        raise NothingRefused
    subject = lock_subject(require_subject(request).pk, client_id=request.client_id)
    if subject.erased_at is not None:
        raise AlreadyErased
    words = text.strip()
    row = Disagreement.objects.filter(client_id=request.client_id, request=request).first()
    if row is None:
        row = Disagreement(client_id=request.client_id, subject=subject, request=request)
    row.text = sealer_of(subject).seal(words, column=_TEXT) if words else None
    row.categories, row.stated_at = _list_categories(request), at
    row.save()
    kind = "rights_request.disagreement_stated" if words else "rights_request.disagreement_withdrawn"
    record_step(kind, request, actor, at, {"categories": row.categories})
    list_recipients_to_inform(subject, actor=actor, at=at)
    return row


def _list_categories(request: RightsRequest) -> list[str]:
    """List the categories of the corrections that were not made; none if one of them may lie anywhere."""
    rows = Correction.objects.filter(client_id=request.client_id, request=request).exclude(state=CorrectionState.MADE)
    found = {row.category if row.field == OTHER else CATEGORY for row in rows}
    return [] if "" in found else sorted(found)


@transaction.atomic
def reveal_disagreements(subject: Subject, *, actor: Actor, reason: Reason | str, at: datetime) -> list[Stated]:
    """Return a person's statements, the newest first; the access is recorded. Raises AlreadyErased, NotAllowed."""
    require(actor, Capability.REVEAL_PERSONAL_DATA, subject.client_id)
    if subject.erased_at is not None:
        raise AlreadyErased
    record_access(subject, ["disagreements"], actor=actor, reason=reason, at=at)
    sealer = sealer_of(subject)
    rows = Disagreement.objects.filter(client_id=subject.client_id, subject=subject, text__isnull=False)
    return [Stated(row.categories, sealer.open(row.text, column=_TEXT), row.stated_at) for row in rows]
