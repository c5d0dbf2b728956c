"""Services for webhooks: endpoints, sending, replaying, purging."""

from paktaleem.directory.webhooks.services.endpoints import (
    MOST_ENDPOINTS,
    AlreadyRemoved,
    TooManyEndpoints,
    add_endpoint,
    change_endpoint,
    disable_endpoint,
    enable_endpoint,
    remove_endpoint,
    rotate_secret,
)
from paktaleem.directory.webhooks.services.replaying import (
    NothingToReplay,
    replay_delivery,
    replay_since,
    send_test,
)
from paktaleem.directory.webhooks.services.sending import (
    DeliveryBatch,
    Result,
    Sending,
    begin_batch,
    record_results,
    release_batch,
)
from paktaleem.directory.webhooks.services.sharing import copy_to_clients

__all__ = [
    "MOST_ENDPOINTS",
    "AlreadyRemoved",
    "DeliveryBatch",
    "NothingToReplay",
    "Result",
    "Sending",
    "TooManyEndpoints",
    "add_endpoint",
    "begin_batch",
    "change_endpoint",
    "copy_to_clients",
    "disable_endpoint",
    "enable_endpoint",
    "record_results",
    "release_batch",
    "remove_endpoint",
    "replay_delivery",
    "replay_since",
    "rotate_secret",
    "send_test",
]
