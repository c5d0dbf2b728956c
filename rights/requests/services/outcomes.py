"""Carry out what was granted, by calling the services of the apps below."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from children.guardians.authority import RequestBlocker
from children.guardians.selectors import (
    GuardianshipUnknown,
    find_request_blocker,
    get_live_guardianship,
    list_of_full_age,
)
from children.guardians.services.conflicts import lock_child
from consent.consents.models import Method, Restriction
from consent.consents.services.recording import NothingToWithdraw, withdraw_consent
from consent.consents.services.restrictions import object_to_purpose, restrict_processing
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.errors import PortalError
from rights.requests.hooks import part_granted
from rights.requests.models import Channel, RequestLimit, RequestPart, RightKind, RightsRequest
from rights.requests.selectors import is_legitimate_interest, list_purposes_meant, list_purposes_of_part
from rights.requests.services.steps import list_parts, record_step, require_subject
from rights.requests.states import Decision

_DISCLOSING = frozenset({RightKind.ACCESS, RightKind.PORTABILITY})
"""Rights whose exercise hands data of the child to the guardian."""
GUARDIANS_RIGHTS = frozenset(set(RightKind) - {RightKind.WITHDRAWAL, RightKind.CHILD_CONCERN})
"""Rights and questions that a guardian may send about a child. Consent is withdrawn on the guardian's own page."""


class RequestNotAllowed(PortalError):
    """The guardian may not make this request, or no longer; ``why`` is the reason."""

    console_message = (
        "The guardian may not request this, or no longer. Verify them first (for a copy, by a method stronger than two "
        "messages), and check that they may receive data about the child."
    )

    def __init__(self, why: RequestBlocker) -> None:
        super().__init__(why.value)
        self.why = why


class RequestForAnAdult(RequestNotAllowed):
    """The person has become of full age: no guardian exercises their rights any more."""

    console_message = (
        "The person is of full age: no guardian may request this for them any more. Refuse the request; the person can "
        "make one."
    )


def find_blocker(child: Subject, guardian: Subject, kind: RightKind | str, *, at: datetime) -> RequestBlocker | None:
    """Return why a guardian may not exercise a right for a child. Raises GuardianshipUnknown."""
    row = get_live_guardianship(child, guardian, at=at)
    return find_request_blocker(row, discloses_data=RightKind(kind) in _DISCLOSING, at=at)


def has_authority(request: RightsRequest, kind: RightKind | str, *, at: datetime) -> bool:
    """Return True if the guardian who made a request may exercise a right now, without a lock; True without one."""
    return _why_not(request, kind, at) is None


def require_authority(request: RightsRequest, kinds: Iterable[RightKind | str], *, at: datetime) -> None:
    """Require that the guardian who made a request may exercise these rights now; a person's own request passes.

    Follows policy §8. The child's row stays locked, so that the authority does not end meanwhile. Raises
    RequestNotAllowed, RequestForAnAdult for a person of full age, AlreadyErased, ErasureInProgress.
    """
    if request.requester is None:
        return
    child = lock_child(require_subject(request))
    for kind in kinds:
        if (why := _why_not(request, kind, at)) is not None:
            if list_of_full_age([child], at=at):
                raise RequestForAnAdult(why)
            raise RequestNotAllowed(why)


def find_guardian_of_limit(restriction: Restriction, at: datetime) -> Subject | None:
    """Return the guardian whose request brought about a restriction, or None if no guardian did.

    Raises RequestNotAllowed if they have no authority any more: the portal writes to them no longer.
    """
    rows = RequestLimit.objects.filter(client_id=restriction.client_id, restriction=restriction)
    made = rows.filter(request__requester__isnull=False).select_related("request__subject", "request__requester")
    row = made.first()
    if row is None:
        return None
    require_authority(row.request, [RightKind.RESTRICTION], at=at)
    return row.request.requester


def _why_not(request: RightsRequest, kind: RightKind | str, at: datetime) -> RequestBlocker | None:
    if request.requester is None:
        return None
    try:
        return find_blocker(require_subject(request), request.requester, kind, at=at)
    except GuardianshipUnknown:
        return RequestBlocker.NOT_VERIFIED


_PORTAL = system_actor("rights.outcomes")
_METHODS = {
    Channel.FORM: Method.WEB,
    Channel.OWN_PAGE: Method.WEB,
    Channel.API: Method.LMS,
    Channel.CLIENT: Method.CONSOLE,
    Channel.TELEPHONE: Method.PHONE,
    Channel.MAIL: Method.EMAIL,
}
"""How a withdrawal was collected, by the channel of its request."""


def carry_out(request: RightsRequest, part: RequestPart, *, actor: Actor, at: datetime) -> None:
    """Carry out one granted part, in the caller's transaction.

    Restriction, objection and withdrawal take effect on the next decision. Apps above carry out the rest
    (``hooks.part_granted``). Raises Refused, AlreadyErased, NotAllowed, and what
    the handlers raise.
    """
    kind = RightKind(part.kind)
    if kind is RightKind.RESTRICTION:
        restrict_for_request(request, list_purposes_of_part(require_subject(request), part, at), actor=actor, at=at)
    elif kind is RightKind.OBJECTION:
        _object(request, part, actor, at)
    elif kind is RightKind.WITHDRAWAL:
        _withdraw(request, part, at)
    for handler in part_granted:
        handler(request, part, actor, at)


@transaction.atomic
def decide_at_once(request: RightsRequest, *, actor: Actor, at: datetime) -> None:
    """Grant the parts that need no person's decision, once the sender of a request is verified.

    A withdrawal is as easy as giving consent (GDPR Art. 7(3)) and in effect from the next decision. A copy that a
    guardian with the authority for it requests is ordered by the portal: collecting it destroys nothing (decision 66).
    From the child's age of consent on the client decides.
    """
    if not request.is_identity_verified:
        return
    for part in [one for one in list_parts(request) if not one.decision]:
        if part.kind == RightKind.WITHDRAWAL:
            _withdraw(request, part, at)
            _grant(request, part, actor, at)
        elif part.kind == RightKind.ACCESS and _may_have_copy(request, at):
            _grant(request, part, _PORTAL, at)
            carry_out(request, part, actor=_PORTAL, at=at)


def _grant(request: RightsRequest, part: RequestPart, actor: Actor, at: datetime) -> None:
    part.decision, part.decided_at = Decision.GRANTED.value, at
    part.decided_kind, part.decided_by = actor.kind.value, actor.id
    part.save(update_fields=["decision", "decided_at", "decided_kind", "decided_by"])
    record_step("rights_request.decided", request, actor, at, {"part": str(part.pk), "decision": part.decision})


def _may_have_copy(request: RightsRequest, at: datetime) -> bool:
    child, client = require_subject(request), request.client
    if not child.is_child(at, thresholds=client.thresholds, serves_minors=client.serves_minors):
        return False
    try:
        require_authority(request, [RightKind.ACCESS], at=at)
    except RequestNotAllowed:
        return False
    return request.requester is not None


def _withdraw(request: RightsRequest, part: RequestPart, at: datetime) -> None:
    subject, method = require_subject(request), _METHODS[Channel(request.channel)]
    meant = list_purposes_meant(subject.client_id, roles=subject.roles, kind=RightKind.WITHDRAWAL, at=at)
    for purpose in part.granted or part.purposes or meant:
        with suppress(NothingToWithdraw):
            withdraw_consent(subject, purpose=purpose, method=method, actor=_PORTAL, at=at)


def restrict_for_request(request: RightsRequest, purposes: Sequence[str], *, actor: Actor, at: datetime) -> None:
    """Restrict processing for purposes, or if none are named for every purpose, as an outcome of a request.

    Follows GDPR Art. 18. Raises Refused, AlreadyErased, NotAllowed.
    """
    subject, reason = require_subject(request), Reason.SUBJECT_REQUEST
    for purpose in purposes or [""]:
        made = restrict_processing(subject, purpose_code=purpose, actor=actor, reason=reason, at=at)
        RequestLimit(client_id=request.client_id, request=request, restriction=made).save(force_insert=True)
    record_step("rights_request.limited", request, actor, at, {"restrictions": len(purposes) or 1})


def _object(request: RightsRequest, part: RequestPart, actor: Actor, at: datetime) -> None:
    subject = require_subject(request)
    meant = list_purposes_of_part(subject, part, at)
    purposes = [one for one in meant if is_legitimate_interest(subject.client_id, one, roles=subject.roles, at=at)]
    if not purposes:
        raise Refused(
            _("These purposes are not based on legitimate interest: refuse the objection as outside the right’s scope.")
        )
    if part.decision == Decision.GRANTED and set(purposes) != set(meant):
        words = _(
            "Some of these purposes are not based on legitimate interest: grant the objection partly, the rest being "
            "outside the right’s scope."
        )
        raise Refused(words)
    for purpose in purposes:
        made = object_to_purpose(subject, purpose_code=purpose, actor=actor, reason=Reason.SUBJECT_REQUEST, at=at)
        RequestLimit.objects.get_or_create(client_id=request.client_id, request=request, objection=made)
    record_step("rights_request.limited", request, actor, at, {"objections": len(purposes)})
