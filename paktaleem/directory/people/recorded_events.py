"""The extension point for account events that the learning platform reports."""

from collections.abc import Callable
from datetime import datetime

from paktaleem.directory.people.models import SubjectEvent
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.extensions.points import ExtensionPoint

type EventHandler = Callable[[SubjectEvent, Actor, datetime], None]

event_recorded: ExtensionPoint[EventHandler] = ExtensionPoint(
    "people.event_recorded", "Called in the transaction that records an account event of a person."
)
