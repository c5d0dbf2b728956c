"""Extension point of the mailbox: an email was added to an open request."""

from collections.abc import Callable
from datetime import datetime

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.operations.extensions.points import ExtensionPoint
from rights.requests.models import RightsRequest

message_added: ExtensionPoint[Callable[[RightsRequest, Actor, datetime], None]] = ExtensionPoint(
    "rights.message_added", "Called in the transaction that adds an email to an open request, with the request locked."
)
