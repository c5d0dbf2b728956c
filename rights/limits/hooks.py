"""Extension point: who requested a restriction for its person."""

from collections.abc import Callable
from datetime import datetime

from consent.consents.models import Restriction
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.operations.extensions.points import ExtensionPoint

type FindRequester = Callable[[Restriction, datetime], Subject | None]

requesters: ExtensionPoint[FindRequester] = ExtensionPoint(
    "limits.requesters", "Which guardian requested a restriction: they are informed of its lift, and not the child."
)


def find_requester(restriction: Restriction, at: datetime) -> Subject | None:
    """Return the guardian who requested a restriction, or None if the person or staff did.

    Raises what a handler raises if the guardian has no authority at ``at``.
    """
    return next((found for find in requesters if (found := find(restriction, at)) is not None), None)
