"""Services of exits."""

from retention.exits.services.collecting import collect_chunk, list_copy_orders
from retention.exits.services.deleting import (
    NotReturnedYet,
    continue_deletion,
    delete_data,
    erase_chunk,
    find_disposal,
    is_to_repeat,
    pause_exit,
    resume_exit,
)
from retention.exits.services.exporting import (
    NotFetched,
    ReturnSettled,
    confirm_return,
    decline_return,
    export_chunk,
    has_unfetched_parts,
    open_part,
)
from retention.exits.services.proposing import ExitAlreadyOpen, OtherAgreementInForce, decide_exit, propose_exit
from retention.exits.services.steps import CONTINUE, ExitMovedOn, enqueue_exit

__all__ = [
    "CONTINUE",
    "ExitAlreadyOpen",
    "ExitMovedOn",
    "NotFetched",
    "NotReturnedYet",
    "OtherAgreementInForce",
    "ReturnSettled",
    "collect_chunk",
    "confirm_return",
    "continue_deletion",
    "decide_exit",
    "decline_return",
    "delete_data",
    "enqueue_exit",
    "erase_chunk",
    "export_chunk",
    "find_disposal",
    "has_unfetched_parts",
    "is_to_repeat",
    "list_copy_orders",
    "open_part",
    "pause_exit",
    "propose_exit",
    "resume_exit",
]
