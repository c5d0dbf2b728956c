"""Erasures that serve a rights request: proposed when it is granted, certified before it is closed."""

from datetime import datetime

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.errors import PortalError
from rights.erasures.facts import AUTHORITY
from rights.erasures.models import ErasureProposal, Extent, Stage
from rights.erasures.selectors import exclusive_categories, list_legal_purposes
from rights.erasures.services.proposals import ErasureProposed, Target, propose_erasure, replace_proposal
from rights.requests.models.requests import RequestPart, RightKind, RightsRequest
from rights.requests.selectors import list_purposes_of_part
from rights.requests.services.steps import list_parts, require_subject
from rights.requests.states import Decision

_GRANTED = frozenset({Decision.GRANTED.value, Decision.PARTLY.value})


class NotCertified(PortalError):
    """An erasure was granted, and its certificate is not issued yet."""

    console_message = "Erasure was granted: it is closed once the erasure is certified."


def propose_for_part(request: RightsRequest, part: RequestPart, actor: Actor, at: datetime) -> None:
    """Propose the erasure that a decision granted, with the decider as proposer; ``rights.part_granted``.

    Follows GDPR Art. 17, decision 0069. The whole person is erased only if every controller granted the erasure of all
    its data. Until then, and if one refuses, it is partial: the purposes of those who granted it. A later grant
    replaces the request's proposal that has not started. A proposal of the whole person, of whatever origin, is not
    replaced: it erases this too. Raises ErasureProposed if a partial erasure for another request has not started.
    """
    subject = request.subject
    if part.kind != RightKind.ERASURE or subject is None or not subject.is_recorded:
        return
    target = find_target(request, at)
    waiting = ErasureProposal.objects.before_start().filter(client_id=request.client_id, subject=subject).first()
    if target is None or (waiting is not None and waiting.is_whole):
        return
    if waiting is not None:
        if waiting.request_id != request.pk and target.extent is Extent.PARTIAL:
            raise ErasureProposed
        replace_proposal(waiting, actor=actor, at=at)
    propose_erasure(subject, target=target, request=request, actor=actor, reason=Reason.SUBJECT_REQUEST, at=at)


def require_certificate(request: RightsRequest) -> None:
    """Refuse to close a request whose granted erasure is not certified; ``rights.before_closing`` (decision 0069).

    Raises NotCertified.
    """
    if is_granted(request) and not is_certified(request):
        raise NotCertified


def is_granted(request: RightsRequest) -> bool:
    """Return True if an erasure of a known person was granted, wholly or partly."""
    return request.subject is not None and any(part.decision in _GRANTED for part in _erasure_parts(request))


def is_certified(request: RightsRequest) -> bool:
    """Return True if nothing is left to do of a granted erasure.

    Its erasure is certified, or one of the whole person is; or the person or a guardian cancelled it, and so withdrew
    the request; or it was sent back because the guardian who requested it lost the authority; or the person was erased
    by rule, or nothing is granted to be erased.
    """
    subject = require_subject(request)
    of_person = ErasureProposal.objects.filter(client_id=request.client_id, subject=subject)
    if of_person.filter(extent=Extent.WHOLE.value, stage=Stage.CERTIFIED.value).exists():
        return True
    latest = of_person.filter(request=request).order_by("-requested_at", "-pk").first()
    if latest is not None and _is_done(latest):
        return True
    if subject.erased_at is not None:
        return not of_person.open().exists()
    return latest is None and find_target(request, request.received_at) is None


def _is_done(proposal: ErasureProposal) -> bool:
    is_given_up = proposal.cancelled_kind == ByKind.SUBJECT or AUTHORITY in proposal.changed
    return proposal.stage == Stage.CERTIFIED or is_given_up


def find_target(request: RightsRequest, at: datetime) -> Target | None:
    """Return what the decisions of a request grant to erase; None if it is nothing.

    What is granted partly leaves the purposes that are based on a legal obligation.
    """
    subject, parts = require_subject(request), _erasure_parts(request)
    if all(part.decision == Decision.GRANTED and not part.purposes for part in parts):
        return Target()
    purposes: set[str] = set()
    for part in parts:
        if part.decision in _GRANTED:
            kept = list_legal_purposes(subject, at) if part.decision == Decision.PARTLY else {}
            purposes |= set(list_purposes_of_part(subject, part, at)) - set(kept)
    named = sorted(purposes)
    return Target(tuple(named), tuple(exclusive_categories(subject, named, at))) if named else None


def _erasure_parts(request: RightsRequest) -> list[RequestPart]:
    return [part for part in list_parts(request) if part.kind == RightKind.ERASURE]
