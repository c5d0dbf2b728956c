"""Corrections that people state, made here and ordered from every system that holds the data, or refused."""

# Corrected values are kept under the person's key, because the texts of a request are deleted earlier; they are
# compared with today's value when the page is opened, whatever route changed it.

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import punycode
from django.utils.translation import gettext as _

from children.guardians.models import Guardianship, ServiceAuthorisation
from consent.consents.models import ConsentEvent
from consent.register.models.agreements import Recipient, RecipientApproval
from consent.sharing.models import Disclosure
from paktaleem.directory.data_systems.models import Ground, Order, OrderKind
from paktaleem.directory.data_systems.selectors import Parent, categories_held
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders
from paktaleem.directory.mail.models import Channel
from paktaleem.directory.mail.recipients import GivenAddress, GivenContact, GivenNumber
from paktaleem.directory.mail.services import SendArguments, declare_message, send_message
from paktaleem.directory.people.details import SubjectDetails
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.models import AgeChange, AgeRoute, GuardianClaim, Subject, SubjectRole
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.directory.people.services.people import lock_subject, open_details, register_subject
from paktaleem.directory.staff.former_staff import correct_account_of
from paktaleem.foundation.accounts.actors import (
    Actor,
    NotAllowed,
    ReasonedAuthorship,
    require,
    require_about,
    system_actor,
)
from paktaleem.foundation.accounts.acts import Refused, act
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.sealing import Sealer
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.rectifications.models import CorrectedValue, Correction, CorrectionState, InformOutcome, RecipientNotice
from rights.rectifications.values import CATEGORY, FIELD_LABELS, OTHER, ROLES, check_value, parse_changes, to_text
from rights.requests.models import PARENT, RequestPart, RightKind, RightsRequest
from rights.requests.sealing import open_text, seal_text
from rights.requests.services.clock import lock_unanswered, require_unanswered
from rights.requests.services.closing import IDENTITY_DIFFERS
from rights.requests.services.decisions import require_decider
from rights.requests.services.steps import (
    list_parts,
    lock_about_request,
    record_step,
    require_open,
    require_subject,
    require_texts,
)
from rights.requests.states import Decision

CONTACT_CHANGED = declare_message("contact_changed", fields=("url",), is_texted=True)
"""A notice to a contact on file before a contact changed: that it changed, and how to object. It names no person."""
MOST_CORRECTIONS = 20
"""Corrections of one request."""
_LONGEST = 2_000
_TEXTS = ("about", "old_value", "new_value", "evidence")
_STATED = ("field", "category", "given_kind", "given_by", "given_role", "given_at")


class NoRectification(PortalError):
    """The request asks for no rectification that is still to be decided."""

    problem = Problem("no-rectification", "The request asks for no rectification that is still to be decided")
    console_message = "The request asks for no rectification that is still to be decided."


class TooManyCorrections(PortalError):
    """The request has as many corrections as it may have."""

    problem = Problem("too-many-corrections", "The request has the maximum number of corrections")
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
    require_may_state(request, actor)
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


def require_may_state(request: RightsRequest, actor: Actor) -> None:
    """Require those who receive requests, or the one who made this one: not the child of a guardian who made it.

    Raises NotAllowed.
    """
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


_SERVICE = system_actor("rights.recipients_of_service")
_INFORMED_OF = frozenset({RightKind.RECTIFICATION, RightKind.RESTRICTION, RightKind.ERASURE})


def list_who_must_be_informed(request: RightsRequest, part: RequestPart, actor: Actor, at: datetime) -> None:
    """List the recipients that staff must inform of a granted part, each once (GDPR Art. 19)."""
    if part.kind not in _INFORMED_OF:
        return
    if added := _add_notices(require_subject(request), request, at):
        record_step("rights_request.recipients_listed", request, actor, at, {"recipients": added})


def list_recipients_to_inform(subject: Subject, *, actor: Actor, at: datetime) -> None:
    """List the recipients that staff must inform of what was done to a locked person without a request (Art. 19)."""
    if added := _add_notices(subject, None, at):
        _record("subject.recipients_listed", subject, {"recipients": added}, actor, at)


def list_recipients_after_consent(event: ConsentEvent, actor: Actor) -> None:
    """List the recipients that may have data on the ground of a consent that ended."""
    found = find_recipients(event.subject, event.recorded_at, purpose=event.purpose.code)
    if added := _add_notices(event.subject, None, event.recorded_at, found):
        facts = {"recipients": added, "purpose": event.purpose.code}
        _record("subject.recipients_listed", event.subject, facts, actor, event.recorded_at)


def list_recipients_after_service(answer: ServiceAuthorisation, is_authorised: bool, at: datetime) -> None:  # noqa: FBT001 -- the extension point's
    """List the recipients of a child's data once the service is no longer authorised; ``guardians.service_changed``."""
    if not is_authorised:
        list_recipients_to_inform(answer.child, actor=_SERVICE, at=at)


def _add_notices(
    subject: Subject, request: RightsRequest | None, at: datetime, recipients: Iterable[Recipient] | None = None
) -> int:
    own = RecipientNotice.objects.filter(client_id=subject.client_id, subject=subject, request=request)
    known = set((own.filter(outcome="") if request is None else own).values_list("recipient_id", flat=True))
    found = find_recipients(subject, at) if recipients is None else recipients
    new = [one for one in found if one.pk not in known]
    for recipient in new:
        row = RecipientNotice(client_id=subject.client_id, subject=subject, request=request, listed_at=at)
        row.recipient, row.recipient_owner = recipient, recipient.client_id
        row.save(force_insert=True)
    return len(new)


def find_recipients(subject: Subject, at: datetime, *, purpose: str = "") -> list[Recipient]:
    """Find the recipients with whom the person's data was or may have been shared (GDPR Art. 19), by name."""
    rows = RecipientApproval.objects.uncancelled()
    approvals = rows.filter(client_id__in=[subject.client_id, PAKTALEEM], starts_at__lte=at)
    reported = Disclosure.objects.filter(client_id=subject.client_id, subject=subject)
    if purpose:
        approvals, reported = approvals.filter(purposes__contains=[purpose]), reported.filter(purpose=purpose)
    keys = {*approvals.values_list("recipient_id", flat=True), *reported.values_list("recipient_id", flat=True)}
    return list(Recipient.objects.filter(pk__in=keys).order_by("name", "pk"))


def describe_uninformed_recipients(erasure: Erasure) -> str:
    """Return a sentence while a recipient is not informed: after the erasure no one knows whom it is about."""
    own = RecipientNotice.objects.filter(client_id=erasure.client_id, subject_id=erasure.subject_id)
    waiting = own.filter(outcome="", request__closed_at=None).order_by("request_id")
    numbers = dict.fromkeys(waiting.values_list("request__number", flat=True))
    places = [number or str(erasure.subject) for number in numbers]
    words = _("Not every recipient is informed yet. Record it on the page of {places}.")
    return words.format(places=", ".join(places)) if places else ""


def _check_notice(notice: RecipientNotice, _actor: Actor, _at: datetime) -> None:
    if notice.request is not None:
        require_open(notice.request)


@act(
    "inform-recipient",
    "Record that a recipient was informed",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="Recipients of the data must be informed of a correction, restriction or erasure, unless that is impossible "
    "or a disproportionate effort (GDPR Art. 19). Inform them yourself, then record it. The key of a person is not "
    "destroyed before: afterwards no one could say whom it is about.",
    done="Recorded.",
    lock=lock_about_request,
    check=_check_notice,
)
def record_informed(
    notice: RecipientNotice, *, outcome: InformOutcome | str, actor: Actor, at: datetime
) -> RecipientNotice:
    """Record what came of informing a recipient; may be recorded again (GDPR Art. 19)."""
    notice.outcome, notice.settled_at, notice.settled_by = InformOutcome(outcome), at, actor.id
    notice.save(update_fields=["outcome", "settled_at", "settled_by"])
    facts = {"recipient": str(notice.recipient_id), "outcome": str(notice.outcome)}
    if notice.request is not None:
        record_step("rights_request.recipient_informed", notice.request, actor, at, facts)
    else:
        _record("subject.recipient_informed", notice.subject, facts, actor, at)
    return notice


def _record(kind: str, subject: Subject, facts: Mapping[str, object], actor: Actor, at: datetime) -> None:
    record_entry(kind, client_id=subject.client_id, subject_id=subject.pk, facts=facts, actor=actor, at=at)


_A_DAY, _DUE = timedelta(days=1), timedelta(days=3)
"""Time in which systems should have corrected the data: without undue delay."""


def apply_corrections(request: RightsRequest, part: RequestPart, actor: Actor, at: datetime) -> None:
    """Make the corrections of a granted part (GDPR Art. 16). Raises ValidationError, AlreadyErased."""
    if part.kind != RightKind.RECTIFICATION:
        return
    rows = list(Correction.objects.select_for_update(of=("self",)).filter(client_id=part.client_id, part=part))
    open_rows = [row for row in rows if row.state == CorrectionState.OPEN]
    if refusal := _why_not(part, rows, open_rows):
        raise ValidationError(refusal)
    texts = {row.pk: open_text(request, row=row, field="new_value") for row in open_rows}
    fields = {row.field: texts[row.pk] for row in open_rows if row.field != OTHER}
    made = _Making(require_subject(request), request, Reason.SUBJECT_REQUEST, actor, at)
    orders = made.correct(fields) if fields else []
    for category, words in _words_by_category(request, open_rows, texts).items():
        orders += made.order(words, frozenset({category}) if category else categories_held(part.client_id, at=at))
    for row in open_rows:
        row.state, row.settled_by, row.settled_at = CorrectionState.MADE, actor.id, at
        row.save(update_fields=["state", "settled_by", "settled_at"])
    facts = {"orders": len(orders), "corrections": len(open_rows)}
    record_step("rights_request.corrected", request, actor, at, facts)


@transaction.atomic
def correct_person(
    subject: Subject, *, field: str, value: str, ground: str = "", actor: Actor, reason: Reason | str, at: datetime
) -> CorrectedValue | None:
    """Correct one field of a person without a request, and order every system to do the same (GDPR Art. 16).

    Returns the value, which waits for a second person if it would let a child decide; None if nothing changes.
    Raises ValidationError naming the field, GroundNeeded, AlreadyErased, ErasureInProgress, NotAllowed.
    """
    require(actor, Capability.REGISTER_SUBJECTS, subject.client_id)
    require(actor, Capability.ISSUE_ORDERS, subject.client_id)
    if subject.erased_at is not None:
        raise AlreadyErased
    text = check_value(field, value, client=subject.client, at=at)
    made = _Making(subject, None, Reason(reason), actor, at, ground)
    made.correct({field: text})
    if any(value.applied_at is not None for value in made.values):
        list_recipients_to_inform(made.subject, actor=actor, at=at)
    return made.values[0] if made.values else None


def finish_confirmed_age(change: AgeChange, actor: Actor, at: datetime) -> None:
    """Issue the orders of corrected values that a second person confirmed; a handler of ``age_change_settled``."""
    if change.state != ChangeState.APPROVED:
        return
    rows = CorrectedValue.objects.select_for_update(of=("self",)).select_related("subject__client", "request")
    waiting = list(rows.filter(client_id=change.client_id, age_change=change, applied_at=None))
    for row in waiting:
        row.applied_at = at
        row.save(update_fields=["applied_at"])
        made = _Making(row.subject, row.request, Reason(row.reason), actor, at)
        made.order({row.field: open_value(row, "new_value") or None}, frozenset({CATEGORY}), value=row)
        if row.request is None:
            list_recipients_to_inform(made.subject, actor=actor, at=at)


def open_value(row: CorrectedValue, name: str, sealer: Sealer | None = None) -> str:
    """Return the old or the new value of a corrected field. Raises KeyDestroyed for an erased person."""
    sealed = getattr(row, name)
    return "" if sealed is None else (sealer or sealer_of(row.subject)).open(sealed, column=_column(row, name))


def _column(row: CorrectedValue, name: str) -> str:
    return f"rectifications_correctedvalue.{name}/{row.pk}"


def _why_not(part: RequestPart, rows: list[Correction], open_rows: list[Correction]) -> str:
    fields = [row.field for row in open_rows if row.field != OTHER]
    is_some_refused = any(row.state == CorrectionState.REFUSED for row in rows)
    if not open_rows:
        return _("Write down first what is corrected: add a correction.")
    if len(fields) != len(set(fields)):
        return _("Two corrections name the same field: refuse the one that is not made.")
    if part.decision == Decision.GRANTED and is_some_refused:
        return _("Some corrections are refused: grant it partly.")
    if part.decision == Decision.PARTLY and not is_some_refused:
        return _("Refuse the corrections that are not made first, each with its reasons.")
    return ""


def _words_by_category(
    request: RightsRequest, rows: list[Correction], texts: Mapping[UUID, str]
) -> dict[str, dict[str, str | None]]:
    found: dict[str, dict[str, str | None]] = {}
    for row in rows:
        if row.field == OTHER:
            words = found.setdefault(row.category, {})
            about, old = (open_text(request, row=row, field=name) for name in ("about", "old_value"))
            before = f" (not: {old})" if old else ""
            words[f"in_words_{len(words) + 1}"] = f"{about}: {texts[row.pk]}{before}"
    return found


class _Making:
    """The circumstances of corrections: person, request if there is one, reason, actor, time."""

    def __init__(  # noqa: PLR0917 -- the circumstances
        self,
        subject: Subject,
        request: RightsRequest | None,
        reason: Reason,
        actor: Actor,
        at: datetime,
        ground: str = "",
    ) -> None:
        self.subject = lock_subject(subject.pk, client_id=subject.client_id)
        self.request, self.reason, self.actor, self.at = request, reason, actor, at
        self.ground = ground if request is None else f"Request {request.number}."
        self.values: list[CorrectedValue] = []

    def correct(self, texts: Mapping[str, str]) -> list[Order]:
        """Change fields of the person here; return the orders for those that took effect."""
        before = open_details(self.subject, sealer_of(self.subject))
        wanted = {name: value for one in texts.items() for name, value in parse_changes(*one).items()}
        told: ReasonedAuthorship = {"actor": self.actor, "reason": self.reason, "at": self.at}
        client, external_id = self.subject.client, self.subject.external_id or ""
        register_subject(external_id, client=client, details=wanted, route=AgeRoute.CONSOLE, ground=self.ground, **told)
        self.subject = lock_subject(self.subject.pk, client_id=self.subject.client_id)
        after = open_details(self.subject, sealer_of(self.subject))
        related_id = self.request.pk if self.request is not None else None
        inform_previous_contacts(self.subject, before, after, related_id=related_id, actor=self.actor, at=self.at)
        done: dict[str, str | None] = {}
        for field, text in texts.items():
            is_done = to_text(field, after) == text
            if not is_done or to_text(field, before) != text:
                self._store(field, to_text(field, before), text, is_done=is_done)
            if is_done:
                done[field] = text or None
        if name := done.get("full_name"):
            correct_account_of(self.subject, name, self.actor, self.at)
        return self.order(done, frozenset({CATEGORY})) if done else []

    def _store(self, field: str, old: str, new: str, *, is_done: bool) -> None:
        own = {"client_id": self.subject.client_id, "subject": self.subject}
        change = None if is_done else AgeChange.objects.filter(**own, state=ChangeState.WAITING).first()
        if not is_done and change is None:
            raise ValidationError({field: [_("This change was declined before by a second person.")]})
        row = CorrectedValue(**own, request=self.request)
        row.field, row.age_change, row.reason = field, change, self.reason.value
        sealer = sealer_of(self.subject)
        row.old_value = sealer.seal(old, column=_column(row, "old_value")) if old else None
        row.new_value = sealer.seal(new, column=_column(row, "new_value")) if new else None
        row.actor_kind, row.actor_id, row.actor_role = self.actor.kind.value, self.actor.id, self.actor.role
        row.at, row.applied_at = self.at, self.at if is_done else None
        row.save(force_insert=True)
        self.values.append(row)
        facts = {"field": field, "waits": not is_done, "reason": self.reason.value}
        if self.request is not None:
            facts["rights_request"] = str(self.request.pk)
        _record("subject.corrected", self.subject, facts, self.actor, self.at)

    def order(
        self, values: Mapping[str, str | None], categories: frozenset[str], *, value: CorrectedValue | None = None
    ) -> list[Order]:
        """Order every system that holds any of the categories to correct the values."""
        if not categories:
            return []
        due = self.at + _DUE if self.request is None else max(self.request.due_at, self.at + _A_DAY)
        value = value or next(iter(self.values), None)
        parent = Parent("corrected_value", value.pk) if value is not None else None
        spec = OrderSpec(
            kind=OrderKind.CORRECT,
            categories=categories,
            reason=self.reason,
            ground=Ground.RIGHT_OF_THE_PERSON,
            due_at=due,
            parent=parent if self.request is None else Parent(PARENT, self.request.pk),
        )
        return issue_orders(self.subject, spec, new_values=values, actor=self.actor, at=self.at)


@transaction.atomic
def correct_roles(
    subject: Subject,
    *,
    role: str,
    other_roles: Collection[str],
    ground: str = "",
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> CorrectedValue | None:
    """Give a person these roles and no others, as ``correct_person`` does (decision 0029). Raises ValidationError."""
    roles = list(dict.fromkeys((role, *other_roles)))
    value = ", ".join(roles)
    made = correct_person(subject, field=ROLES, value=value, ground=ground, actor=actor, reason=reason, at=at)
    is_taken = SubjectRole.GUARDIAN in subject.roles and SubjectRole.GUARDIAN not in roles
    of = {"client_id": subject.client_id, "guardian": subject}
    claims, confirmed = GuardianClaim.objects.filter(**of, ends_at=None), Guardianship.objects.live(at).filter(**of)
    if is_taken and (claims.exists() or confirmed.exists()):
        raise ValidationError(
            _("This person is a guardian of a child. End that first, on the page of the guardianship or at its source.")
        )
    return made


def require_carried_out(request: RightsRequest) -> None:
    """Raise ValidationError while a corrected age is undecided, or a recipient not informed (GDPR Art. 19)."""
    own = {"client_id": request.client_id, "request": request}
    if CorrectedValue.objects.filter(**own, applied_at=None, age_change__state=ChangeState.WAITING).exists():
        raise ValidationError(_("A corrected age still waits for a second person (Age changes)."))
    if RecipientNotice.objects.filter(**own, outcome="").exists():
        raise ValidationError(_("Inform every recipient first, and record it (GDPR Art. 19)."))
