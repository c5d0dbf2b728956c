"""Cases of supervisory authorities about requests; and the end of restrictions and objections."""

# A case holds the person's data until its outcome. GDPR Art. 18(3): a restriction is lifted after the person was
# informed. Art. 21(1): PakTaleem demonstrates grounds that override an objection, so two officers do, and no one of
# the client.

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _, gettext_lazy

from consent.consents.models import Objection, Restriction
from consent.consents.services.restrictions import end_objection, request_lift
from consent.register.dpv import DIRECTORY, MARKETING
from consent.register.models.purposes import Purpose
from paktaleem.directory.access_links.services import is_contact_settled
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.mail.services import send_message
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.directory.people.services.people import record_access
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.acts import Refused, act, as_given, refuse_if
from paktaleem.foundation.accounts.changes import ProposedChange
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, decide_change
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.schedule.models import HoldKind
from retention.schedule.services import hold_for_case, lift_holds_of_case
from rights.desk.models import AuthorityCase, CaseOutcome, LiftNotice, NoticeWay, Overruling, RequestTask, TaskKind
from rights.desk.selectors import has_open_case
from rights.desk.services import LIFT, add_task
from rights.requests.fields import make_text_field
from rights.requests.models import RightsRequest
from rights.requests.sealing import seal_text
from rights.requests.services.decisions import find_guardian_of_limit
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
    if day > request.client.day_at(at):
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


_GROUNDS = "desk_overruling.ground"


_check_in_force = refuse_if(lambda row: row.ends_at is not None, gettext_lazy("It has already ended."))


@act(
    "inform",
    "Inform the person",
    Capability.RESTRICT_PROCESSING,
    lead="The person must know before the restriction is lifted.",
    done="The person is informed. You may request that the restriction is lifted.",
    check=_check_in_force,
    lock=as_given,
)
def inform_before_lift(
    restriction: Restriction,
    *,
    way: Annotated[
        str, forms.ChoiceField(label="How is the person informed?", choices=NoticeWay.choices, widget=forms.RadioSelect)
    ],
    actor: Actor,
    at: datetime,
) -> LiftNotice:
    """Inform the person that a restriction will be lifted: by email, or record that staff informed them.

    If a guardian requested it, the guardian is informed and the child is not written to (decision 66). Raises
    ValidationError without an email address that has not changed in 72 hours, RequestNotAllowed, AlreadyErased.
    """
    subject = restriction.subject
    if subject.erased_at is not None:
        raise AlreadyErased
    if way == NoticeWay.MAIL:
        to = find_guardian_of_limit(restriction, at) or subject
        if to.email is None:
            raise ValidationError({"way": [_("There is no email address on file. Tell the person yourself.")]})
        if not is_contact_settled(to, at):
            raise ValidationError({"way": [_("A contact changed less than 72 hours ago. Tell the person yourself.")]})
        send_message(LIFT.code, to=to, client_id=restriction.client_id, related_id=restriction.pk, actor=actor, at=at)
    notice = LiftNotice(client_id=restriction.client_id, restriction=restriction, way=way, informed_by=actor.id, at=at)
    notice.save(force_insert=True)
    _record("restriction.lift_announced", restriction, {"way": str(way)}, actor, at)
    return notice


@act(
    "lift",
    "Lift restriction",
    Capability.DECIDE_FOR_CLIENT,
    lead="The person's data may then be used again, not only stored. The person must have been informed. Nothing "
    "changes until a second person approves it.",
    danger=True,
    check=_check_in_force,
    lock=as_given,
)
def request_lift_after_notice(restriction: Restriction, *, ground: str, actor: Actor, at: datetime) -> ProposedChange:
    """Request the lift of a restriction whose person was informed before (GDPR Art. 18(3)). Raises Refused."""
    require_notice(restriction, at)
    return request_lift(restriction, ground=ground, actor=actor, at=at)


def require_notice(restriction: Restriction, at: datetime) -> None:
    """Raise Refused unless the person was informed before ``at`` that the restriction ends (GDPR Art. 18(3))."""
    informed = LiftNotice.objects.filter(client_id=restriction.client_id, restriction=restriction, at__lt=at)
    if not informed.exists():
        raise Refused(_("Inform the person first."))


def _check_proposal(objection: Objection, actor: Actor, at: datetime) -> None:
    _check_in_force(objection, actor, at)
    _refuse_absolute(objection)
    if objection.subject.erased_at is not None:
        raise AlreadyErased
    if find_overruling(objection) is not None:
        raise Refused(_("This was already proposed: a second officer may agree."))


@act(
    "overrule",
    "Propose to overrule",
    Capability.SUPERVISE,
    lead="Only compelling legitimate grounds override the person’s interests, rights and freedoms. The "
    "objection stays in force until a second officer agrees.",
    done="Proposed. A second officer must agree.",
    danger=True,
    check=_check_proposal,
    lock=as_given,
)
def propose_overruling(
    objection: Objection,
    *,
    ground: Annotated[
        str,
        make_text_field("Compelling grounds and evidence", "Encrypted. The second officer reads them before agreeing."),
    ],
    actor: Actor,
    at: datetime,
) -> Overruling:
    """Propose to overrule an objection, on compelling grounds in words (GDPR Art. 21(1)). Raises ValidationError."""
    _require_user(actor)
    if not ground.strip():
        raise ValidationError({"ground": [_("State the compelling grounds and the evidence.")]})
    row = Overruling(
        client_id=objection.client_id,
        objection=objection,
        ground=sealer_of(objection.subject).seal(ground.strip(), column=_GROUNDS),
        requested_kind=actor.kind.value,
        requested_by=actor.id,
        requested_at=at,
    )
    row.save(force_insert=True)
    _record("objection.overruling_proposed", objection, {"overruling": str(row.pk)}, actor, at)
    return row


@act(
    "agree",
    "Answer a proposal to overrule",
    Capability.SUPERVISE,
    lead="Another officer proposed to overrule the objection. Their grounds are below.",
    done="Recorded.",
    danger=True,
    check=lambda objection, _actor, _at: _require_waiting(objection),
    lock=as_given,
)
def settle_overruling(objection: Objection, *, approve: bool, actor: Actor, at: datetime) -> Objection:
    """Agree to another officer's overruling, which ends the objection, or decline it (GDPR Art. 21(1))."""
    _require_user(actor)
    if approve:
        _refuse_absolute(objection)
    rows = Objection.objects.select_for_update(of=("self",)).select_related("subject")
    objection = rows.get(pk=objection.pk, client_id=objection.client_id)
    row = decide_change(_require_waiting(objection), approve=approve, actor=actor, at=at)
    row.save(update_fields=["state", "settled_by", "settled_at"])
    facts = {"overruling": str(row.pk), "state": str(row.state)}
    _record("objection.overruling_settled", objection, facts, actor, at)
    return end_objection(objection, actor=actor, reason=Reason.REVIEW, at=at) if approve else objection


@transaction.atomic
def read_grounds(objection: Objection, *, actor: Actor, at: datetime) -> str:
    """Return the grounds of the waiting proposal; the access is recorded. Raises Refused, KeyDestroyed."""
    require(actor, Capability.SUPERVISE, objection.client_id)
    row = _require_waiting(objection)
    record_access(objection.subject, ["grounds of an overruling"], actor=actor, reason=Reason.REVIEW, at=at)
    return "" if row.ground is None else sealer_of(objection.subject).open(row.ground, column=_GROUNDS)


def _refuse_absolute(objection: Objection) -> None:
    owners = [objection.client_id, PAKTALEEM]
    purposes = Purpose.objects.filter(client_id__in=owners, code=objection.purpose_code)
    if purposes.filter(Q(dpv_term__in=MARKETING) | Q(code__startswith=DIRECTORY)).exists():
        words = _(
            "This objection is to marketing or directory information: no ground overrules it. Only the person "
            "withdraws it."
        )
        raise Refused(words)


def _require_user(actor: Actor) -> None:
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a signed-in officer may overrule an objection.")


def find_overruling(objection: Objection) -> Overruling | None:
    own = Overruling.objects.filter(client_id=objection.client_id, objection=objection, state=ChangeState.WAITING)
    return own.first()


def _require_waiting(objection: Objection) -> Overruling:
    if (row := find_overruling(objection)) is None:
        raise Refused(_("Nothing was proposed."))
    return row


def _record(kind: str, limit: Restriction | Objection, facts: dict[str, str], actor: Actor, at: datetime) -> None:
    about = {"id": str(limit.pk), "purpose": limit.purpose_code or None, **facts}
    record_entry(kind, facts=about, client_id=limit.client_id, subject_id=limit.subject_id, actor=actor, at=at)
