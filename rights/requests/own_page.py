"""Extension points of what apps above show on the person's own page, beside a request and above all of them."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.extensions.points import ExtensionPoint
from rights.requests.models import RightsRequest

__all__ = ["own_page_extras", "own_page_notices"]

type OwnPageExtra = Callable[[RightsRequest, datetime], dict[str, Any] | None]
type OwnPageNotices = Callable[[Subject, datetime], Iterable[dict[str, Any]]]

own_page_extras: ExtensionPoint[OwnPageExtra] = ExtensionPoint(
    "rights.own_page_extras", "What is shown beside a request on the person's own page: a template and its values."
)
own_page_notices: ExtensionPoint[OwnPageNotices] = ExtensionPoint(
    "rights.own_page_notices", "What is shown above the requests on the person's own page: templates and their values."
)
