"""Cases of supervisory authorities about a request: recorded, with a hold on the person's data until the outcome."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.acts import Refused, act
from paktaleem.foundation.accounts.roles import Capability
from retention.schedule.models import HoldKind
from retention.schedule.services import hold_for_case, lift_holds_of_case
from rights.desk.models import AuthorityCase, CaseOutcome, RequestTask, TaskKind
from rights.desk.selectors import has_open_case
from rights.desk.services import add_task
from rights.requests.deadlines import day_in
from rights.requests.fields import make_text_field
from rights.requests.models import RightsRequest
from rights.requests.sealing import seal_text
from rights.requests.services.steps import RequestEnded, lock_about_request, lock_request, record_step, require_texts
from rights.requests.states import State

GOES_ON_ELSEWHERE = frozenset({State.DUPLICATE, State.HANDED_OVER})
"""States of a request that goes on as another one, which has the authority's case."""
_CASE = "authority_case"
"""The kind of case of a hold that is placed for an authority's case."""
_LONGEST = 8_000
Measures = Annotated[
    str,
    make_text_field(
        "Measures",
        "What is done about it. Needed if the complaint was upheld, wholly or partly.",
        most=_LONGEST,
        required=False,
    ),
]


def _check_new_case(request: RightsRequest, _actor: Actor, _at: datetime) -> None:
    require_texts(request)
    if State(request.state) in GOES_ON_ELSEWHERE:
        raise RequestEnded


@act(
    "authority-case",
    "Record an authority’s case",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="A supervisory authority has a case about this request: a person complained to it, it wrote on its own, or we "
    "turned to it. Its messages belong among the notes of the request, its deadlines among the tasks. The request can "
    "be closed once the case has an outcome.",
    done="Recorded.",
    lock=lock_request,
    check=_check_new_case,
)
def open_case(
    request: RightsRequest,
    *,
    authority: str,
    reference: str,
    opened_on: date,
    due_on: date | None = None,
    actor: Actor,
    at: datetime,
) -> AuthorityCase:
    """Record a supervisory authority's case about a request; ``due_on`` becomes a task. Raises ValidationError."""
    _check_day("opened_on", opened_on, request, at)
    case = AuthorityCase.by(actor, request, authority=authority, opened_on=opened_on, recorded_at=at)
    case.reference = seal_text(request, reference.strip(), row=case, field="reference")
    case.save(force_insert=True)
    record_step("rights_request.authority_case_opened", request, actor, at, {"case": str(case.pk)})
    _hold(case, request, actor, at)
    if due_on is not None:
        add_task(request, kind=TaskKind.AUTHORITY, due_on=due_on, actor=actor, at=at)
    return case


def _check_open_case(case: AuthorityCase, _actor: Actor, _at: datetime) -> None:
    require_texts(case.request)
    if not case.is_open:
        raise Refused(_("This case has an outcome already."))


@act(
    "end",
    "Record the outcome",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="How the authority decided, and what is done about it. The request can then be closed.",
    done="Recorded.",
    lock=lock_about_request,
    check=_check_open_case,
)
def end_case(
    case: AuthorityCase,
    *,
    outcome: Annotated[
        CaseOutcome | str, forms.ChoiceField(label="Outcome", choices=CaseOutcome.choices, widget=forms.RadioSelect)
    ],
    ended_on: Annotated[date, forms.DateField(label="Day of the outcome")],
    measures: Measures = "",
    actor: Actor,
    at: datetime,
) -> AuthorityCase:
    """Record how an authority's case ended, and the measures; its hold and tasks end. Raises ValidationError."""
    request = case.request
    _check_day("ended_on", ended_on, request, at)
    if ended_on < case.opened_on:
        raise ValidationError({"ended_on": [_("Choose a day after the case was opened.")]})
    if CaseOutcome(outcome) in {CaseOutcome.UPHELD, CaseOutcome.PARTLY} and not measures.strip():
        raise ValidationError({"measures": [_("Say what is done about it.")]})
    if len(measures) > _LONGEST:
        raise ValidationError({"measures": [_("Use at most {number} characters.").format(number=_LONGEST)]})
    case.outcome, case.ended_on = CaseOutcome(outcome), ended_on
    case.measures = seal_text(request, measures.strip(), row=case, field="measures")
    case.save(update_fields=["outcome", "ended_on", "measures"])
    if not has_open_case(request):
        tasks = RequestTask.objects.open().filter(client_id=request.client_id, request=request)
        tasks.filter(kind=TaskKind.AUTHORITY).update(done_at=at, done_by=actor.id)
    facts = {"case": str(case.pk), "outcome": str(case.outcome)}
    record_step("rights_request.authority_case_ended", request, actor, at, facts)
    _lift(case, "The authority’s case has its outcome.", actor, at)
    return case


def _check_day(name: str, day: date, request: RightsRequest, at: datetime) -> None:
    if day > day_in(at, request.client.time_zone):
        raise ValidationError({name: [_("Choose today or a day before.")]})


def require_outcome(request: RightsRequest) -> None:
    """Raise Refused while a case of an authority is open; a handler of ``rights.before_closing``."""
    if has_open_case(request):
        raise Refused(_("A supervisory authority’s case about this request has no outcome yet."))


def require_outcome_of_duplicate(_first: RightsRequest, later: RightsRequest, _actor: Actor, _at: datetime) -> None:
    """Raise Refused if the duplicate has an open case of an authority; a handler of ``request_continued``."""
    require_outcome(later)


def list_requests_with_open_case() -> QuerySet[AuthorityCase, UUID]:
    """Return the ids of requests with an open case, whose texts are needed; a handler of ``rights.texts_needed``."""
    return AuthorityCase.objects.filter(outcome="").order_by().values_list("request_id", flat=True)


def move_holds(request: RightsRequest, actor: Actor, at: datetime) -> None:
    """Hold the data of the person to whom a request was assigned, for its open cases; ``rights.person_assigned``."""
    cases = AuthorityCase.objects.filter(client_id=request.client_id, request=request, outcome="")
    for case in cases.defer("reference", "measures").order_by("pk"):
        _lift(case, "The request is about another person.", actor, at)
        _hold(case, request, actor, at)


def _hold(case: AuthorityCase, request: RightsRequest, actor: Actor, at: datetime) -> None:
    """Hold all data of the person until the outcome, also if they withdraw the request: the proceedings go on."""
    if request.subject is None or request.subject.erased_at is not None:
        return
    hold_for_case(
        request.subject,
        client=request.client,
        kind=HoldKind.COMPLAINT,
        case=Parent(_CASE, case.pk),
        ground=f"Case of {case.authority} about request {request.number}.",
        review_at=request.due_at,
        actor=actor,
        at=at,
    )


def _lift(case: AuthorityCase, ground: str, actor: Actor, at: datetime) -> None:
    lift_holds_of_case(case.client_id, Parent(_CASE, case.pk), ground=ground, actor=actor, at=at)
