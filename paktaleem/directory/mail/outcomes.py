"""Extension point for what follows once a message was sent, or has finally failed."""

from collections.abc import Callable
from datetime import datetime

from paktaleem.directory.mail.models import Letter
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.extensions.points import ExtensionPoint

letter_outcomes: ExtensionPoint[Callable[[Letter, Actor, datetime], None]] = ExtensionPoint(
    "mail.letter_outcomes", "Called in the transaction that records a message as sent or as finally failed."
)
