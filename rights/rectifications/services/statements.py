"""Statements of a person about wrong data: add corrections to a request, read them, and refuse one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import punycode
from django.utils.translation import gettext as _

from paktaleem.directory.data_systems.selectors import categories_held
from paktaleem.directory.mail.models import Channel
from paktaleem.directory.mail.recipients import GivenAddress, GivenContact, GivenNumber
from paktaleem.directory.mail.services import SendArguments, declare_message, send_message
from paktaleem.directory.people.details import SubjectDetails
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require, require_about
from paktaleem.foundation.accounts.acts import Refused, act
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.errors import PortalError, Problem
from rights.rectifications.models import Correction, CorrectionState
from rights.rectifications.values import FIELD_LABELS, OTHER, check_value
from rights.requests.models import RequestPart, RightKind, RightsRequest
from rights.requests.sealing import open_text, seal_text
from rights.requests.services.clock import lock_unanswered, require_unanswered
from rights.requests.services.closing import IDENTITY_DIFFERS
from rights.requests.services.decisions import require_decider
from rights.requests.services.steps import list_parts, lock_about_request, record_step, require_texts

CONTACT_CHANGED = declare_message("contact_changed", fields=("url",), is_texted=True)
"""A notice to a contact on file before a contact changed: that it changed, and how to object. It names no person."""
MOST_CORRECTIONS = 20
"""Corrections of one request."""
_LONGEST = 2_000
_TEXTS = ("about", "old_value", "new_value", "evidence")
_STATED = ("field", "category", "given_kind", "given_by", "given_role", "given_at")


class NoRectification(PortalError):
    """The request asks for no rectification that is still to be decided."""

    problem = Problem(
        "no-rectification", HTTPStatus.CONFLICT, "The request asks for no rectification that is still to be decided"
    )
    console_message = "The request asks for no rectification that is still to be decided."


class TooManyCorrections(PortalError):
    """The request has as many corrections as it may have."""

    problem = Problem("too-many-corrections", HTTPStatus.CONFLICT, "The request has the maximum number of corrections")
    console_message = "The request has the maximum number of corrections."


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement about wrong data; ``about`` says what, and ``category`` may name where, if it is no field."""

    field: str
    new_value: str
    old_value: str = ""
    about: str = ""
    evidence: str = ""
    category: str = ""


@transaction.atomic
def add_correction(request: RightsRequest, stated: Statement, *, actor: Actor, at: datetime) -> Correction:
    """Add a correction to a request. Raises ValidationError, NoRectification, TooManyCorrections, NotAllowed."""
    _require_may_state(request, actor)
    request = lock_unanswered(request)
    part = find_open_part(request)
    if part is None:
        raise NoRectification
    own = Correction.objects.filter(client_id=request.client_id, request=request)
    if own.count() >= MOST_CORRECTIONS:
        raise TooManyCorrections
    new_value = _check(request, stated, at)
    row = Correction(client_id=request.client_id, request=request, part=part, given_at=at)
    row.field, row.category = stated.field, stated.category
    row.given_kind, row.given_by, row.given_role = actor.kind.value, actor.id, actor.role
    texts = {"about": stated.about, "old_value": stated.old_value, "evidence": stated.evidence, "new_value": new_value}
    for name, text in texts.items():
        setattr(row, name, seal_text(request, text.strip(), row=row, field=name))
    row.save(force_insert=True)
    record_step("rights_request.correction_added", request, actor, at, {"correction": str(row.pk), "field": row.field})
    return row


def _check_refusal(correction: Correction, actor: Actor, at: datetime) -> None:
    require_unanswered(correction.request)
    require_texts(correction.request)
    require_decider(correction.part, actor, at)
    if correction.state != CorrectionState.OPEN:
        raise Refused(_("This correction is already made or refused."))


@act(
    "refuse-correction",
    "Refuse a correction",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="Refuse single corrections first, each with its reasons. Then decide: the others are made if you grant the "
    "right partly.",
    done="Refused. Now decide about the right.",
    lock=lock_about_request,
    check=_check_refusal,
)
def refuse_correction(correction: Correction, *, reasons: str, actor: Actor, at: datetime) -> Correction:
    """Refuse one correction with reasons in words; the others can still be made. Raises ValidationError."""
    if not reasons.strip():
        raise ValidationError({"reasons": [_("Give the reasons in words the person understands.")]})
    request = correction.request
    correction.state, correction.settled_by, correction.settled_at = CorrectionState.REFUSED, actor.id, at
    correction.reasons = seal_text(request, reasons.strip(), row=correction, field="reasons")
    correction.save()
    facts = {"correction": str(correction.pk), "field": correction.field}
    record_step("rights_request.correction_refused", request, actor, at, facts)
    return correction


def take_over_corrections(first: RightsRequest, later: RightsRequest, actor: Actor, at: datetime) -> None:
    """Copy a duplicate's open corrections to the request that goes on. Raises Refused, NoRectification."""
    rows = Correction.objects.filter(client_id=later.client_id, request=later, state=CorrectionState.OPEN)
    if not (found := list(rows)):
        return
    if first.is_identity_verified and not later.is_identity_verified:
        raise Refused(IDENTITY_DIFFERS)
    part = find_open_part(first)
    if part is None:
        raise NoRectification
    for row in found:
        copy = Correction(client_id=first.client_id, request=first, part=part)
        for name in _STATED:
            setattr(copy, name, getattr(row, name))
        for name in _TEXTS:
            setattr(copy, name, seal_text(first, open_text(later, row=row, field=name), row=copy, field=name))
        copy.save(force_insert=True)
        facts = {"correction": str(copy.pk), "field": copy.field, "duplicate": str(later.pk)}
        record_step("rights_request.correction_added", first, actor, at, facts)


def find_open_part(request: RightsRequest) -> RequestPart | None:
    """Return the undecided part that asks for rectification, the client's first; None once the request is answered."""
    if not request.is_open or request.answered_at is not None:
        return None
    parts = (part for part in list_parts(request) if part.kind == RightKind.RECTIFICATION and not part.decision)
    return min(parts, key=lambda part: (part.decider, part.pk), default=None)


def _require_may_state(request: RightsRequest, actor: Actor) -> None:
    """Require those who receive requests, or the one who made this one: not the child of a guardian who made it."""
    if actor.kind is ByKind.SUBJECT and actor.id != (request.requester_id or request.subject_id):
        raise NotAllowed("Only the one who made the request may state corrections in it.")
    if request.subject_id is None:
        require(actor, Capability.RECEIVE_RIGHTS_REQUESTS, request.client_id)
    else:
        about = {"subject_id": request.subject_id, "client_id": request.client_id}
        require_about(actor, Capability.RECEIVE_RIGHTS_REQUESTS, **about)


def _check(request: RightsRequest, stated: Statement, at: datetime) -> str:
    if stated.field not in FIELD_LABELS:
        raise ValidationError({"field": [_("Use one of: {fields}.").format(fields=", ".join(FIELD_LABELS))]})
    for name in _TEXTS:
        if len(getattr(stated, name)) > _LONGEST:
            raise ValidationError({name: [_("Use at most {number} characters.").format(number=_LONGEST)]})
    if stated.field == OTHER:
        return _check_other(request, stated, at)
    if stated.about.strip():
        raise ValidationError({"about": [_("Only for something else: leave it empty for a field.")]})
    if stated.category:
        raise ValidationError({"category": [_("Only for something else: leave it empty for a field.")]})
    try:
        return check_value(stated.field, stated.new_value, client=request.client, at=at)
    except ValidationError as error:
        raise ValidationError({"new_value": error.messages}) from error


def _check_other(request: RightsRequest, stated: Statement, at: datetime) -> str:
    if not stated.about.strip():
        raise ValidationError({"about": [_("Say what is wrong, and where you saw it.")]})
    if not stated.new_value.strip():
        raise ValidationError({"new_value": [_("Write the correct value.")]})
    held = categories_held(request.client_id, at=at)
    if stated.category and stated.category not in held:
        raise ValidationError({"category": [_("Use one of: {fields}.").format(fields=", ".join(sorted(held)))]})
    return stated.new_value


def inform_previous_contacts(
    subject: Subject,
    before: SubjectDetails,
    after: SubjectDetails,
    *,
    related_id: UUID | None,
    actor: Actor,
    at: datetime,
) -> int:
    """Send a notice to each contact that was on file before a change of contacts; return how many.

    So the person learns of a change that an impostor caused. Staff cause it: it does not count under the daily
    limit, which others could use up.
    """
    if (before.email, before.phone) == (after.email, after.phone):
        return 0
    context = {"url": build_public_url(reverse("rights-form-of", args=[subject.client.code]))}
    told: SendArguments = {"language": subject.language, "related_id": related_id, "actor": actor, "at": at}
    recipients = list(_list_recipients(subject, before, after))
    for to, channel in recipients:
        send_message(CONTACT_CHANGED.code, to=to, channel=channel, client_id=subject.client_id, context=context, **told)
    return len(recipients)


def _list_recipients(
    subject: Subject, before: SubjectDetails, after: SubjectDetails
) -> Iterator[tuple[Subject | GivenContact, Channel]]:
    email = to_given_address(before.email) if before.email != after.email else subject
    if before.email and email is not None:
        yield email, Channel.MAIL
    if before.phone:
        yield GivenNumber(before.phone) if before.phone != after.phone else subject, Channel.TEXT


def to_given_address(email: str | None) -> GivenAddress | None:
    """Return an address on file as a recipient, its domain in ASCII; None if no email can be sent to it."""
    local, _, domain = (email or "").rpartition("@")
    try:
        return GivenAddress(f"{local}@{punycode(domain)}")
    except (ValidationError, UnicodeError):
        return None
