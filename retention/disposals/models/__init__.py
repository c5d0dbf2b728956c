"""Models of disposals: sweeps, batches, their items, approvals and certificates."""

from retention.disposals.models.batches import Approval, Batch, BatchQuerySet, Decider, Stage, Sweep
from retention.disposals.models.certificates import Certificate
from retention.disposals.models.items import Cause, Item, ItemState

__all__ = [
    "Approval",
    "Batch",
    "BatchQuerySet",
    "Cause",
    "Certificate",
    "Decider",
    "Item",
    "ItemState",
    "Stage",
    "Sweep",
]
