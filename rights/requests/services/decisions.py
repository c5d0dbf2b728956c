"""Decide the parts of a request, pass a part to the other controller, and compose the answer."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from children.guardians.authority import RequestBlocker
from children.guardians.selectors import (
    GuardianshipUnknown,
    find_request_blocker,
    get_live_guardianship,
    list_of_full_age,
)
from children.guardians.services.answers import lock_child
from consent.agreements.selectors import has_left
from consent.consents.models import Method, Restriction
from consent.consents.services.recording import NothingToWithdraw, withdraw_consent
from consent.consents.services.restrictions import object_to_purpose, restrict_processing
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require, system_actor
from paktaleem.foundation.accounts.acts import Refused, act
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.roles import Capability, Role
from paktaleem.foundation.accounts.selectors import list_staff
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.requests.fields import make_text_field
from rights.requests.hooks import part_granted
from rights.requests.models import Channel, RequestLimit, RequestNote, RequestPart, RightKind, RightsRequest
from rights.requests.sealing import open_text, seal_text
from rights.requests.selectors import list_purposes_meant, list_purposes_of_part, may_object
from rights.requests.services.clock import require_unanswered, update_dates
from rights.requests.services.steps import (
    NEEDS_NO_IDENTITY,
    list_parts,
    lock_about_request,
    lock_request,
    record_step,
    require_open,
    require_subject,
    require_texts,
)
from rights.requests.states import Decider, Decision, RefusalCode

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

    The child's row stays locked, so that the authority does not end meanwhile (policy §8). Raises
    RequestNotAllowed, RequestForAnAdult, AlreadyErased, ErasureInProgress.
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
    """Return the guardian whose request brought about a restriction, if one did. Raises RequestNotAllowed."""
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
    """Carry out one granted part of a request, in the caller's transaction: here, or by handlers of other apps.

    Raises Refused.
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

    Withdrawing is as easy as consenting (GDPR Art. 7(3)); a copy for a guardian destroys nothing (decision 66).
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
    if not require_subject(request).counts_as_child(at):
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
    """Restrict processing for purposes, without any for all, as an outcome of a request (GDPR Art. 18)."""
    subject, reason = require_subject(request), Reason.SUBJECT_REQUEST
    for purpose in purposes or [""]:
        made = restrict_processing(subject, purpose_code=purpose, actor=actor, reason=reason, at=at)
        RequestLimit(client_id=request.client_id, request=request, restriction=made).save(force_insert=True)
    record_step("rights_request.limited", request, actor, at, {"restrictions": len(purposes) or 1})


def _object(request: RightsRequest, part: RequestPart, actor: Actor, at: datetime) -> None:
    subject = require_subject(request)
    meant = list_purposes_of_part(subject, part, at)
    purposes = [one for one in meant if may_object(subject, one, at)]
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


GRANTED_BY_PURPOSE = frozenset({RightKind.RESTRICTION, RightKind.WITHDRAWAL, RightKind.OBJECTION, RightKind.ERASURE})
"""Rights that can be granted for some purposes only."""
_MUST_BE_NAMED = frozenset({RightKind.RESTRICTION, RightKind.WITHDRAWAL})
"""Of these, the rights whose extent does not follow from the lawful bases."""


class AlreadyDecided(PortalError):
    """This part is already decided."""

    console_message = "This part is already decided."


NoteText = Annotated[str, make_text_field("Note")]


def _check_undecided(part: RequestPart, _actor: Actor, _at: datetime) -> None:
    require_unanswered(part.request)
    if part.decision:
        raise AlreadyDecided


def _check_decider(part: RequestPart, actor: Actor, at: datetime) -> None:
    require_decider(part, actor, at)
    _check_undecided(part, actor, at)


@act(
    "decide",
    "Decide",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="You decide about the data of which you are the controller. What you grant is carried out at once: systems "
    "receive orders, restrictions and objections take effect from the next decision.",
    done="Decided.",
    lock=lock_about_request,
    check=_check_decider,
)
def decide_part(
    part: RequestPart,
    *,
    decision: Decision | str,
    refusal_code: RefusalCode | str = "",
    reasons: str = "",
    granted: Collection[str] = (),
    actor: Actor,
    at: datetime,
) -> RequestPart:
    """Decide one part, as the controller of its data; what is granted is carried out in the same transaction.

    A refusal, whole or partial, has a code and the reasons in words. ``granted`` are the purposes to which a part
    that is granted partly is limited. Nothing is granted to a guardian whose authority has ended. Raises
    ValidationError naming the field, Refused, RequestNotAllowed, and what ``hooks.part_granted`` raises.
    """
    request = part.request
    _check_decision(Decision(decision), refusal_code, reasons)
    _check_granted(request, part, Decision(decision), granted, at)
    part.decision, part.refusal_code = Decision(decision).value, str(refusal_code)
    part.reasons = seal_text(request, reasons.strip(), row=part, field="reasons")
    part.granted = sorted(set(granted))
    part.decided_at, part.decided_kind, part.decided_by = at, actor.kind.value, actor.id
    part.save()
    facts = {"part": str(part.pk), "decision": part.decision, "refusal_code": part.refusal_code or None}
    record_step(
        "rights_request.decided", request, actor, at, facts | ({"granted": part.granted} if part.granted else {})
    )
    if part.decision != Decision.REFUSED:
        if part.kind not in NEEDS_NO_IDENTITY and not request.is_identity_verified:
            raise Refused(_("Verify the identity first, or refuse with that reason."))
        require_authority(request, [part.kind], at=at)
        carry_out(request, part, actor=actor, at=at)
    return part


@act(
    "route",
    "Pass on",
    Capability.SUPERVISE,
    lead="The controller of the data decides: for most purposes the client, for its own PakTaleem.",
    done="Passed on.",
    lock=lock_about_request,
    check=_check_undecided,
)
def route_part(part: RequestPart, *, decider: Decider | str, actor: Actor, at: datetime) -> RequestPart:
    """Pass an undecided part to the other controller (policy §7). Raises Refused if that one decides it already."""
    request = part.request
    if any((one.kind, one.decider) == (part.kind, Decider(decider)) for one in list_parts(request)):
        raise Refused(_("This controller already decides about this right."))
    part.decider = Decider(decider).value
    part.save(update_fields=["decider"])
    update_dates(request, at)
    record_step("rights_request.routed", request, actor, at, {"part": str(part.pk), "decider": part.decider})
    return part


def may_decide(part: RequestPart, actor: Actor, at: datetime) -> bool:
    """Return True if the actor's side decides a part; an officer for a client that has left (decision 0079)."""
    side = Decider.PAKTALEEM if actor.client_id is None else Decider.CLIENT
    if part.decider == side or part.kind == RightKind.CHILD_CONCERN:
        return True
    return side is Decider.PAKTALEEM and has_left(part.client_id, at=at)


def require_decider(part: RequestPart, actor: Actor, at: datetime) -> None:
    """Require a person of the controller: the client's own staff, or PakTaleem's officers. Raises NotAllowed."""
    if actor.kind is not ByKind.USER or not may_decide(part, actor, at):
        raise NotAllowed("Only the controller of this data may decide.")


def _check_decision(decision: Decision, refusal_code: str, reasons: str) -> None:
    if decision is Decision.GRANTED:
        if refusal_code:
            raise ValidationError({"refusal_code": [_("Only a refusal has a code.")]})
        return
    if not refusal_code:
        raise ValidationError({"refusal_code": [_("Choose why it is refused.")]})
    RefusalCode(refusal_code)
    if not reasons.strip():
        raise ValidationError({"reasons": [_("Give the reasons in words the person understands.")]})


def _check_granted(
    request: RightsRequest, part: RequestPart, decision: Decision, granted: Collection[str], at: datetime
) -> None:
    if decision is not Decision.PARTLY or part.kind not in GRANTED_BY_PURPOSE:
        if granted:
            raise ValidationError({"granted": [_("Only a right that is granted partly is limited to purposes.")]})
        return
    subject = require_subject(request)
    about = list_purposes_of_part(subject, part, at)
    is_all_in_scope = part.kind == RightKind.OBJECTION and all(may_object(subject, code, at) for code in about)
    if not granted and (part.kind in _MUST_BE_NAMED or is_all_in_scope):
        raise ValidationError({"granted": [_("Choose the purposes for which it is granted.")]})
    if granted and not set(granted) < set(about):
        words = _("Choose some of these purposes, not all: {purposes}.")
        raise ValidationError({"granted": [words.format(purposes=", ".join(about))]})


def list_assignees(request: RightsRequest, *, actor: Actor, at: datetime) -> list[User]:
    """List who may be assigned a request: PakTaleem's officers for an officer, a client's administrators for one."""
    is_officer = actor.client_id is None
    role = Role.PRIVACY_OFFICER if is_officer else Role.CLIENT_ADMIN
    return list_staff(PAKTALEEM if is_officer else request.client_id, role, at=at)


@act(
    "assign",
    "Assign it",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="The colleague becomes responsible for this request. The person is not informed.",
    done="Assigned.",
    lock=lock_request,
    check=require_open,
)
def assign_request(request: RightsRequest, *, assignee: User | None, actor: Actor, at: datetime) -> RightsRequest:
    """Assign a request to a colleague, or to no one."""
    request.assignee = assignee
    record_step("rights_request.assigned", request, actor, at, {"user": str(assignee.pk) if assignee else None})
    return request


@act(
    "note",
    "Add a note",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="A note for colleagues, encrypted with the request. The person may ask for it too.",
    done="Note added.",
    lock=lock_request,
    check=require_texts,  # a request that has ended gets notes too, such as what an authority writes
)
def add_note(request: RightsRequest, *, text: NoteText, actor: Actor, at: datetime) -> RequestNote:
    """Add a note, sealed under the request's key (decision 0062). Raises ValidationError."""
    if not text.strip():
        raise ValidationError({"text": [_("Write the note.")]})
    note = RequestNote.by(actor, request, at=at)
    note.text = seal_text(request, text.strip(), row=note, field="text")
    note.save(force_insert=True)
    record_step("rights_request.note_added", request, actor, at)
    return note


def read_notes(request: RightsRequest, *, actor: Actor) -> list[tuple[datetime, str, str]]:
    """Return time, role of the author and text of each note; ``read_request`` records it. Raises CannotOpen."""
    require(actor, Capability.HANDLE_RIGHTS_REQUESTS, request.client_id)
    notes = RequestNote.objects.filter(client_id=request.client_id, request=request)
    return [(note.at, note.actor_role, open_text(request, row=note, field="text")) for note in notes]
