"""Record the outcome of a call back to the number on file."""

from datetime import datetime
from enum import StrEnum

from django.db import transaction

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from rights.desk.models.request_tasks import RequestTask, TaskKind
from rights.requests.models.requests import IdentityMethod, RightsRequest
from rights.requests.services.clock import lock_unanswered
from rights.requests.services.identity import check_number, verify_identity
from rights.requests.services.steps import end_request, record_step, require_subject
from rights.requests.states import State


class CallOutcome(StrEnum):
    """Outcome of a call back to the number on file."""

    REACHED = "reached"
    """The person answered, and made the request."""
    NOT_REACHED = "not_reached"
    """No one answered."""
    NOT_THEM = "not_them"
    """The person answered, and did not make the request."""


@transaction.atomic
def record_call(request: RightsRequest, *, outcome: CallOutcome | str, actor: Actor, at: datetime) -> RightsRequest:
    """Record a call back to the number on file: it verifies the person, ends a request that is not theirs, or neither.

    Follows GDPR Art. 12(6). For a guardian's request it is the guardian's number. Only a number that has been on file
    for 72 hours proves anything. A call ends the open task to call. Raises NoNumber, ContactTooNew, PersonUnknown,
    AlreadyAnswered, RequestEnded, NotAllowed.
    """
    require(actor, Capability.CALL_BACK_RIGHTS_REQUESTS, request.client_id)
    request, outcome = lock_unanswered(request), CallOutcome(outcome)
    if outcome is not CallOutcome.NOT_REACHED:
        check_number(request.requester or require_subject(request), at)
        calls = RequestTask.objects.open().filter(client_id=request.client_id, request=request, kind=TaskKind.CALL)
        calls.update(done_at=at, done_by=actor.id)
    record_step("rights_request.called_back", request, actor, at, {"outcome": outcome.value})
    if outcome is CallOutcome.REACHED:
        return verify_identity(request, method=IdentityMethod.CALL_BACK, actor=actor, at=at)
    if outcome is CallOutcome.NOT_THEM:
        end_request("rights_request.withdrawn", request, actor, at, ended_as=State.WITHDRAWN)
    return request
