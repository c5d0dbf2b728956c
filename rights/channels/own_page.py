"""Extension points of the person's own page: notices, what is shown beside a request, the step after a new one."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.operations.extensions.points import ExtensionPoint
from rights.requests.models import RightsRequest

type OwnPageExtra = Callable[[RightsRequest, datetime], dict[str, Any] | None]
type NextStep = Callable[[RightsRequest], str | None]
type OwnPageNotices = Callable[[Subject, datetime], Iterable[dict[str, Any]]]

own_page_extras: ExtensionPoint[OwnPageExtra] = ExtensionPoint(
    "rights.own_page_extras", "What is shown beside a request on the person's own page: a template and its values."
)
next_steps: ExtensionPoint[NextStep] = ExtensionPoint(
    "rights.next_steps", "Name of the page that follows a new request of a person, with its id as argument, or None."
)
own_page_notices: ExtensionPoint[OwnPageNotices] = ExtensionPoint(
    "rights.own_page_notices", "What is shown above the requests on the person's own page: templates and their values."
)
