"""Extension point of age changes that a second person has confirmed or declined."""

from collections.abc import Callable
from datetime import datetime

from paktaleem.directory.people.age_changes import AgeChange
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.extensions.points import ExtensionPoint

type SettledHandler = Callable[[AgeChange, Actor, datetime], None]

age_change_settled: ExtensionPoint[SettledHandler] = ExtensionPoint(
    "people.age_change_settled", "Called with every age change that a second person confirmed or declined."
)
