"""Record a case of a supervisory authority, its correspondence, its deadlines and its outcome."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import IO, Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from paktaleem.directory.files.services import iterate_file, store_case_file
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.operations.jobs.enqueue import enqueue_job
from paktaleem.foundation.tenancy.rows import new_id
from rights.complaints.holds import hold_for_authority, lift_after_case
from rights.complaints.models import (
    AuthorityCase,
    CaseDeadline,
    CaseEntry,
    CaseOutcome,
    DeadlineReminder,
    Direction,
    Origin,
)
from rights.complaints.reminders import NEAR, list_reminder_days
from rights.requests.authorities import AUTHORITIES
from rights.requests.deadlines import day_in
from rights.requests.models import RightsRequest
from rights.requests.sealing import open_text, seal_text, sealer_of_request
from rights.requests.services.intake import read_request
from rights.requests.services.steps import RequestEnded, lock_request, record_step
from rights.requests.states import State

NOTIFY = "complaints.notify_staff"
_LONGEST = 8_000
_A_DAY = timedelta(days=1)
GOES_ON_ELSEWHERE = frozenset({State.DUPLICATE, State.HANDED_OVER})
"""States of a request that goes on as another one, which has the authority's case."""


class CaseEnded(PortalError):
    """The authority's case has an outcome: nothing more is added to it."""

    console_message = "This case has an outcome already."


class OutcomeMissing(PortalError):
    """A case of an authority about the request has no outcome yet."""

    console_message = "A supervisory authority’s case about this request has no outcome yet."


@dataclass(frozen=True, slots=True)
class CaseText:
    """The texts of a case: reference, measures, messages and deadlines with their texts."""

    reference: str
    measures: str
    entries: list[tuple[CaseEntry, str]]
    deadlines: list[tuple[CaseDeadline, str]]


@transaction.atomic
def open_case(
    request: RightsRequest,
    *,
    country: str = "",
    authority: str = "",
    origin: Origin | str,
    reference: str,
    opened_on: date,
    actor: Actor,
    at: datetime,
) -> AuthorityCase:
    """Record that a supervisory authority has a case about a request; a complaint to us may turn into one.

    Follows policy §9, GDPR Art. 77. The request may have ended: people complain about answers. Only one that goes on
    elsewhere has no case of its own. ``country`` selects an authority of the directory; ``authority`` names another one
    in words. Raises ValidationError naming the field, RequestEnded, CannotOpen, NotAllowed.
    """
    require(actor, Capability.HANDLE_RIGHTS_REQUESTS, request.client_id)
    if bool(country) == bool(authority.strip()) or (country and country not in AUTHORITIES):
        raise ValidationError({"authority": [_("Choose an authority, or name another one.")]})
    request = lock_request(request)
    if State(request.state) in GOES_ON_ELSEWHERE:
        raise RequestEnded
    _check_day("opened_on", opened_on, request.client, at)
    case = AuthorityCase(id=new_id(), client_id=request.client_id, request=request, opened_on=opened_on, recorded_at=at)
    case.country, case.authority = country, AUTHORITIES[country].name if country else authority.strip()
    case.origin = Origin(origin)
    case.reference = seal_text(request, reference.strip(), row=case, field="reference")
    _stamp(case, actor).save(force_insert=True)
    _record("rights_request.authority_case_opened", request, case, actor, at, {"origin": str(case.origin)})
    hold_for_authority(case, request, actor, at)
    return case


@transaction.atomic
def add_entry(
    case: AuthorityCase,
    *,
    direction: Direction | str,
    on: date,
    text: str = "",
    file: IO[bytes] | None = None,
    actor: Actor,
    at: datetime,
) -> CaseEntry:
    """Add one message to the correspondence: its day, a text, a file, or both; it is never changed.

    A file of any type is stored under the request's key and never opened. Raises ValidationError naming the field,
    FileTooLarge, CaseEnded, CannotOpen, NotAllowed.
    """
    case, request = _lock(case, actor)
    _check_day("on", on, request.client, at)
    if not text.strip() and file is None:
        raise ValidationError({"text": [_("Write what the message says, or add it as a file.")]})
    _check_length("text", text)
    entry = CaseEntry(id=new_id(), client_id=case.client_id, case=case, direction=Direction(direction), on=on, at=at)
    entry.text = seal_text(request, text.strip(), row=entry, field="text")
    if file is not None:
        sealer = sealer_of_request(request)
        entry.file = store_case_file(file, client_id=case.client_id, case=request.pk, sealer=sealer, at=at)
    _stamp(entry, actor).save(force_insert=True)
    facts = {"direction": str(entry.direction), "on": on.isoformat(), "file": file is not None}
    _record("rights_request.authority_message_added", request, case, actor, at, facts)
    return entry


@transaction.atomic
def set_deadline(case: AuthorityCase, *, due_on: date, what: str, actor: Actor, at: datetime) -> CaseDeadline:
    """Record a day by which the authority expects something; staff are reminded of it.

    Raises ValidationError naming the field, CaseEnded, CannotOpen, NotAllowed.
    """
    case, request = _lock(case, actor)
    if not what.strip():
        raise ValidationError({"what": [_("Say what the authority expects.")]})
    _check_length("what", what)
    row = CaseDeadline(id=new_id(), client_id=case.client_id, case=case, due_on=due_on, at=at)
    row.what = seal_text(request, what.strip(), row=row, field="what")
    _stamp(row, actor).save(force_insert=True)
    _record("rights_request.authority_deadline_set", request, case, actor, at, {"due_on": due_on.isoformat()})
    return row


@transaction.atomic
def finish_deadline(deadline: CaseDeadline, *, actor: Actor, at: datetime) -> CaseDeadline:
    """Record that what the authority expected is done; idempotent. Raises NotAllowed."""
    require(actor, Capability.HANDLE_RIGHTS_REQUESTS, deadline.client_id)
    request = lock_request(deadline.case.request)
    rows = CaseDeadline.objects.select_for_update(of=("self",)).select_related("case")
    found: CaseDeadline = rows.get(pk=deadline.pk, client_id=deadline.client_id)
    if found.done_at is None:
        found.done_at, found.done_by = at, actor.id
        found.save(update_fields=["done_at", "done_by"])
        _record(
            "rights_request.authority_deadline_met",
            request,
            found.case,
            actor,
            at,
            {"due_on": found.due_on.isoformat()},
        )
    return found


@transaction.atomic
def end_case(
    case: AuthorityCase, *, outcome: CaseOutcome | str, ended_on: date, measures: str = "", actor: Actor, at: datetime
) -> AuthorityCase:
    """Record how the authority's case ended, and the measures that follow; open deadlines end with it.

    A case that was upheld, wholly or partly, needs measures. Raises ValidationError naming the field, CaseEnded,
    CannotOpen, NotAllowed.
    """
    case, request = _lock(case, actor)
    _check_day("ended_on", ended_on, request.client, at)
    if ended_on < case.opened_on:
        raise ValidationError({"ended_on": [_("Choose a day after the case was opened.")]})
    if CaseOutcome(outcome) in {CaseOutcome.UPHELD, CaseOutcome.PARTLY} and not measures.strip():
        raise ValidationError({"measures": [_("Say what is done about it.")]})
    _check_length("measures", measures)
    case.outcome, case.ended_on = CaseOutcome(outcome), ended_on
    case.measures = seal_text(request, measures.strip(), row=case, field="measures")
    case.save(update_fields=["outcome", "ended_on", "measures"])
    left = CaseDeadline.objects.filter(client_id=case.client_id, case=case, done_at=None)
    left.update(done_at=at, done_by=actor.id)
    _record("rights_request.authority_case_ended", request, case, actor, at, {"outcome": str(case.outcome)})
    lift_after_case(case, actor, at)
    return case


@transaction.atomic
def read_case(case: AuthorityCase, *, actor: Actor, reason: Reason | str, at: datetime) -> CaseText:
    """Return the texts of a case; the access is recorded first. Raises CannotOpen, NotAllowed."""
    request = _read(case, actor, reason, at)
    own = {"client_id": case.client_id, "case": case}
    entries = [(one, open_text(request, row=one, field="text")) for one in CaseEntry.objects.filter(**own)]
    deadlines = [(one, open_text(request, row=one, field="what")) for one in CaseDeadline.objects.filter(**own)]
    reference, measures = (open_text(request, row=case, field=name) for name in ("reference", "measures"))
    return CaseText(reference, measures, entries, deadlines)


@transaction.atomic
def open_file(entry: CaseEntry, *, actor: Actor, reason: Reason | str, at: datetime) -> bytes:
    """Return the file of a message, empty if it has none; the access is recorded. Raises CannotOpen, NotAllowed."""
    request = _read(entry.case, actor, reason, at)
    return b"" if entry.file is None else b"".join(iterate_file(entry.file, sealer=sealer_of_request(request)))


def require_outcome(request: RightsRequest) -> None:
    """Raise OutcomeMissing while a case of an authority is open; a handler of ``rights.before_closing``."""
    if AuthorityCase.objects.filter(client_id=request.client_id, request=request, outcome="").exists():
        raise OutcomeMissing


def list_requests_with_open_case() -> models.QuerySet[Any, UUID]:
    """Return the ids of requests with an open case, whose texts are needed; a handler of ``rights.texts_needed``."""
    return AuthorityCase.objects.filter(outcome="").order_by().values_list("request_id", flat=True)


def require_outcome_of_duplicate(first: RightsRequest, later: RightsRequest, actor: Actor, at: datetime) -> None:
    """Raise OutcomeMissing if the duplicate has an open case of an authority; a handler of ``request_continued``."""
    del first, actor, at
    require_outcome(later)


def list_clients_with_near_deadlines(*, at: datetime) -> list[UUID]:
    """List the clients with a deadline for which a reminder may be due; requires the officers' context."""
    return list(near_deadlines(at).order_by().values_list("client_id", flat=True).distinct())


@transaction.atomic
def remind_of_deadlines(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Send every reminder of a client's deadlines that is due, each once; return how many.

    After an outage those that were missed are sent too.
    """
    zone = Client.objects.values_list("time_zone", flat=True).get(pk=client_id)
    rows = near_deadlines(at).filter(client_id=client_id).order_by("due_on", "pk")
    return sum(_remind(row, zone, actor, at) for row in rows.select_related("case__request"))


def _remind(row: CaseDeadline, zone: str, actor: Actor, at: datetime) -> int:
    """Send the reminders of a deadline; like every act on a case, under the lock of its request."""
    request = lock_request(row.case.request)
    if not CaseDeadline.objects.filter(pk=row.pk, client_id=row.client_id, done_at=None).exists():
        return 0
    own = DeadlineReminder.objects.filter(client_id=row.client_id, deadline=row)
    done = set(own.values_list("on", flat=True))
    days = list_reminder_days(row.due_on, set_on=day_in(row.at, zone), today=day_in(at, zone))
    due = [day for day in days if day not in done]
    for day in due:
        DeadlineReminder(client_id=row.client_id, deadline=row, on=day, done_at=at).save(force_insert=True)
        facts = {"on": day.isoformat(), "due_on": row.due_on.isoformat()}
        _record("rights_request.authority_deadline_reminded", request, row.case, actor, at, facts)
        enqueue_job(NOTIFY, client=str(row.client_id), deadline=str(row.pk))
    return len(due)


def near_deadlines(at: datetime) -> models.QuerySet[CaseDeadline]:
    """Return the open deadlines that are near or past, by the calendar of their client."""
    local = models.Func(
        models.F("client__time_zone"), models.Value(at + NEAR), function="timezone", output_field=models.DateTimeField()
    )
    soon = CaseDeadline.objects.filter(done_at=None, due_on__lte=(at + NEAR).date() + _A_DAY)  # wherever the client is
    found: models.QuerySet[CaseDeadline] = soon.filter(due_on__lte=local)
    return found


def _lock(case: AuthorityCase, actor: Actor) -> tuple[AuthorityCase, RightsRequest]:
    require(actor, Capability.HANDLE_RIGHTS_REQUESTS, case.client_id)
    request = lock_request(case.request)
    case = AuthorityCase.objects.select_for_update(of=("self",)).get(pk=case.pk, client_id=case.client_id)
    if not case.is_open:
        raise CaseEnded
    return case, request


def _read(case: AuthorityCase, actor: Actor, reason: Reason | str, at: datetime) -> RightsRequest:
    read_request(case.request, actor=actor, reason=reason, at=at)
    return case.request


def _check_day(name: str, day: date, client: Client, at: datetime) -> None:
    if day > day_in(at, client.time_zone):
        raise ValidationError({name: [_("Choose today or a day before.")]})


def _check_length(name: str, text: str) -> None:
    if len(text) > _LONGEST:
        raise ValidationError({name: [_("Use at most {number} characters.").format(number=_LONGEST)]})


def _stamp[R: (AuthorityCase, CaseEntry, CaseDeadline)](row: R, actor: Actor) -> R:
    row.actor_kind, row.actor_id, row.actor_role = actor.kind.value, actor.id, actor.role
    return row


def _record(  # noqa: PLR0917 -- what happened to which case, by whom, when
    kind: str, request: RightsRequest, case: AuthorityCase, actor: Actor, at: datetime, facts: dict[str, Any]
) -> None:
    record_step(kind, request, actor, at, {"case": str(case.pk), **facts})
