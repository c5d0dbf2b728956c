"""Recipients who must be informed of a correction, restriction, erasure or withdrawal, and the record of it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from children.guardians.models.authorisations import ServiceAuthorisation
from consent.consents.models.consents import ConsentEvent
from consent.register.models.agreements import Recipient, RecipientApproval
from consent.sharing.models.disclosures import Disclosure
from paktaleem.directory.people.erasure_records import Erasure
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require, system_actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from rights.rectifications.models import InformOutcome, RecipientNotice
from rights.requests.models.requests import RequestPart, RightKind, RightsRequest
from rights.requests.services.steps import lock_open_request, record_step, require_subject

_SERVICE = system_actor("rights.recipients_of_service")
_INFORMED_OF = frozenset({RightKind.RECTIFICATION, RightKind.RESTRICTION, RightKind.ERASURE})


def list_who_must_be_informed(request: RightsRequest, part: RequestPart, actor: Actor, at: datetime) -> None:
    """List the recipients that staff must inform of a granted part, each once; a handler of ``rights.part_granted``.

    Follows GDPR Art. 19.
    """
    if part.kind not in _INFORMED_OF:
        return
    if added := _add_notices(require_subject(request), request, at):
        record_step("rights_request.recipients_listed", request, actor, at, {"recipients": added})


def list_recipients_to_inform(subject: Subject, *, actor: Actor, at: datetime) -> None:
    """List the recipients that staff must inform of a correction or an erasure made without a request (GDPR Art. 19).

    One that is not informed yet of an earlier act is not listed twice. The caller has locked the person.
    """
    if added := _add_notices(subject, None, at):
        _record("subject.recipients_listed", subject, {"recipients": added}, actor, at)


def list_recipients_after_consent(event: ConsentEvent, actor: Actor) -> None:
    """List the recipients that may have data on the ground of a consent that ended; ``consents.consent_ended``.

    These are the recipients approved for its purpose, and those to which data was reported as disclosed for it.
    """
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
    """Find the recipients with whom the person's data was or may have been shared until now, by name (GDPR Art. 19).

    Not every system reports its disclosures, so these are all recipients that were ever approved for the client, and
    those to which data of the person was reported as disclosed. ``purpose`` limits both to one purpose.
    """
    rows = RecipientApproval.objects.uncancelled()
    approvals = rows.filter(client_id__in=[subject.client_id, PAKTALEEM], starts_at__lte=at)
    reported = Disclosure.objects.filter(client_id=subject.client_id, subject=subject)
    if purpose:
        approvals, reported = approvals.filter(purposes__contains=[purpose]), reported.filter(purpose=purpose)
    keys = {*approvals.values_list("recipient_id", flat=True), *reported.values_list("recipient_id", flat=True)}
    return list(Recipient.objects.filter(pk__in=keys).order_by("name", "pk"))


def describe_uninformed_recipients(erasure: Erasure) -> str:
    """Return a sentence while a recipient is not informed: after the erasure no one knows whom it is about.

    It names the requests, or the person, on whose pages staff record it. Connected to ``people.erasure_blockers``; of
    requests only the open ones count.
    """
    own = RecipientNotice.objects.filter(client_id=erasure.client_id, subject_id=erasure.subject_id)
    waiting = own.filter(outcome="", request__closed_at=None).order_by("request_id")
    numbers = dict.fromkeys(waiting.values_list("request__number", flat=True))
    places = [number or str(erasure.subject) for number in numbers]
    words = _("Not every recipient is informed yet. Record it on the page of {places}.")
    return words.format(places=", ".join(places)) if places else ""


@transaction.atomic
def record_informed(
    notice: RecipientNotice, *, outcome: InformOutcome | str, actor: Actor, at: datetime
) -> RecipientNotice:
    """Record what came of informing a recipient; may be recorded again (GDPR Art. 19).

    Raises RequestEnded, NotAllowed.
    """
    require(actor, Capability.HANDLE_RIGHTS_REQUESTS, notice.client_id)
    request = lock_open_request(notice.request) if notice.request is not None else None
    notice = (
        RecipientNotice.objects.select_for_update(of=("self",))
        .select_related("subject")
        .get(pk=notice.pk, client_id=notice.client_id)
    )
    notice.outcome, notice.settled_at, notice.settled_by = InformOutcome(outcome), at, actor.id
    notice.save(update_fields=["outcome", "settled_at", "settled_by"])
    facts = {"recipient": str(notice.recipient_id), "outcome": str(notice.outcome)}
    if request is not None:
        record_step("rights_request.recipient_informed", request, actor, at, facts)
    else:
        _record("subject.recipient_informed", notice.subject, facts, actor, at)
    return notice


def _record(kind: str, subject: Subject, facts: Mapping[str, Any], actor: Actor, at: datetime) -> None:
    record_entry(kind, client_id=subject.client_id, subject_id=subject.pk, facts=facts, actor=actor, at=at)
