"""Services of the desk, one for each act."""

from rights.desk.services.calls import CallOutcome, record_call
from rights.desk.services.handover import AlreadyExtended, HasPerson, SameClient, hand_over_request
from rights.desk.services.informing import inform_of_request, inform_of_verification
from rights.desk.services.letters import CannotMail, send_letter
from rights.desk.services.request_tasks import AlreadyDone, add_task, finish_task, require_task
from rights.desk.services.taking_in import take_in_unknown

__all__ = [
    "AlreadyDone",
    "AlreadyExtended",
    "CallOutcome",
    "CannotMail",
    "HasPerson",
    "SameClient",
    "add_task",
    "finish_task",
    "hand_over_request",
    "inform_of_request",
    "inform_of_verification",
    "record_call",
    "require_task",
    "send_letter",
    "take_in_unknown",
]
