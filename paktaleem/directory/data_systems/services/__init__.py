"""Services for systems: registering, issuing orders, recording answers."""

from paktaleem.directory.data_systems.services.alerting import NewAlerts, raise_alerts
from paktaleem.directory.data_systems.services.collecting import (
    CategoryUnknown,
    TooManyParts,
    add_part,
)
from paktaleem.directory.data_systems.services.copies import (
    OrderOpen,
    list_clients_with_old_copies,
    purge_copies,
    purge_old_copies,
)
from paktaleem.directory.data_systems.services.fulfilment import (
    AlreadyAnswered,
    NotByHand,
    accept_order,
    carry_out_by_hand,
    complete_order,
    fail_order,
    hand_over,
    retry_order,
)
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders, new_values_of
from paktaleem.directory.data_systems.services.recalling import recall_orders, release_orders
from paktaleem.directory.data_systems.services.registering import (
    AlreadyEnded,
    EndNotProposed,
    assign_key,
    change_system,
    end_system,
    end_system_key,
    keep_system,
    propose_system_end,
)
from paktaleem.directory.data_systems.services.sets import issue_orders_for_set
from paktaleem.directory.data_systems.services.waiving import (
    AlreadyProposed,
    NothingProposed,
    approve_waiver,
    propose_waiver,
)

__all__ = [
    "AlreadyAnswered",
    "AlreadyEnded",
    "AlreadyProposed",
    "CategoryUnknown",
    "EndNotProposed",
    "NewAlerts",
    "NotByHand",
    "NothingProposed",
    "OrderOpen",
    "OrderSpec",
    "TooManyParts",
    "accept_order",
    "add_part",
    "approve_waiver",
    "assign_key",
    "carry_out_by_hand",
    "change_system",
    "complete_order",
    "end_system",
    "end_system_key",
    "fail_order",
    "hand_over",
    "issue_orders",
    "issue_orders_for_set",
    "keep_system",
    "list_clients_with_old_copies",
    "new_values_of",
    "propose_system_end",
    "propose_waiver",
    "purge_copies",
    "purge_old_copies",
    "raise_alerts",
    "recall_orders",
    "release_orders",
    "retry_order",
]
