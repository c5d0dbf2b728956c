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
    Result,
    Sending,
    Shift,
    begin_shift,
    end_shift,
    record_results,
)
from paktaleem.directory.webhooks.services.spreading import spread_message

__all__ = [
    "MOST_ENDPOINTS",
    "AlreadyRemoved",
    "NothingToReplay",
    "Result",
    "Sending",
    "Shift",
    "TooManyEndpoints",
    "add_endpoint",
    "begin_shift",
    "change_endpoint",
    "disable_endpoint",
    "enable_endpoint",
    "end_shift",
    "record_results",
    "remove_endpoint",
    "replay_delivery",
    "replay_since",
    "rotate_secret",
    "send_test",
    "spread_message",
]
