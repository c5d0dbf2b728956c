"""Services of disposals.

``open_disposal`` disposes of every holding of a client for an app above; ``start_sweep`` flags what rules say is due.
"""

from retention.disposals.services.batches import PARENT, BatchMovedOn
from retention.disposals.services.executing import order_chunk
from retention.disposals.services.reviewing import (
    approve_disposal,
    cancel_disposal,
    exclude_item,
    extend_item,
    may_approve,
    pause_disposal,
    resume_disposal,
    settle_approval,
    settle_waiting_approval,
    take_out,
)
from retention.disposals.services.sweeping import flag_chunk, open_disposal, start_sweep
from retention.disposals.services.verifying import certify_if_answered

__all__ = [
    "PARENT",
    "BatchMovedOn",
    "approve_disposal",
    "cancel_disposal",
    "certify_if_answered",
    "exclude_item",
    "extend_item",
    "flag_chunk",
    "may_approve",
    "open_disposal",
    "order_chunk",
    "pause_disposal",
    "resume_disposal",
    "settle_approval",
    "settle_waiting_approval",
    "start_sweep",
    "take_out",
]
