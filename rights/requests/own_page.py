"""Extension points of the person's own page: what is shown beside a request, and the step after a new one."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from paktaleem.foundation.extensions.points import ExtensionPoint
from rights.requests.models import RightsRequest

__all__ = ["next_steps", "own_page_extras"]

type OwnPageExtra = Callable[[RightsRequest, datetime], dict[str, Any] | None]
type NextStep = Callable[[RightsRequest], str | None]

own_page_extras: ExtensionPoint[OwnPageExtra] = ExtensionPoint(
    "rights.own_page_extras", "What is shown beside a request on the person's own page: a template and its values."
)
next_steps: ExtensionPoint[NextStep] = ExtensionPoint(
    "rights.next_steps", "Name of the page that follows a new request of a person, with its id as argument, or None."
)
