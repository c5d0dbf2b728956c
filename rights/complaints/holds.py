"""The hold of a person's data while a supervisory authority has a case about their request."""

from datetime import datetime

from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.foundation.accounts.actors import Actor
from retention.schedule.models import HoldKind
from retention.schedule.services.holds import hold_for_case, lift_holds_of_case
from rights.complaints.models import AuthorityCase
from rights.requests.models import RightsRequest

CASE = "authority_case"
"""The kind of case of a hold that is placed for an authority's case."""


def hold_for_authority(case: AuthorityCase, request: RightsRequest, actor: Actor, at: datetime) -> None:
    """Hold all data of the person of a request for an authority's case without a hold, until its outcome.

    Also if the person withdraws the request meanwhile: that does not end the authority's proceedings.
    """
    if request.subject is None or request.subject.erased_at is not None:
        return
    hold_for_case(
        request.subject,
        client=request.client,
        kind=HoldKind.COMPLAINT,
        case=Parent(CASE, case.pk),
        ground=f"Case of {case.authority} about request {request.number}.",
        review_at=request.due_at,
        actor=actor,
        at=at,
    )


def lift_after_case(case: AuthorityCase, actor: Actor, at: datetime) -> None:
    """Lift the hold of an authority's case that has its outcome."""
    _lift(case, "The authority’s case has its outcome.", actor, at)


def move_holds(request: RightsRequest, actor: Actor, at: datetime) -> None:
    """Hold the data of the person to whom a request was assigned, for its open cases; ``rights.person_assigned``."""
    for case in _open_cases(request):
        _lift(case, "The request is about another person.", actor, at)
        hold_for_authority(case, request, actor, at)


def _open_cases(request: RightsRequest) -> list[AuthorityCase]:
    found = AuthorityCase.objects.filter(client_id=request.client_id, request=request, outcome="")
    return list(found.defer("reference", "measures").order_by("pk"))


def _lift(case: AuthorityCase, ground: str, actor: Actor, at: datetime) -> None:
    lift_holds_of_case(case.client_id, Parent(CASE, case.pk), ground=ground, actor=actor, at=at)
