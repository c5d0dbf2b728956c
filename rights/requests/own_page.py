"""Extension point of what apps above show beside a request on the person's own page."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from paktaleem.foundation.extensions.points import ExtensionPoint
from rights.requests.models import RightsRequest

__all__ = ["own_page_extras"]

type OwnPageExtra = Callable[[RightsRequest, datetime], dict[str, Any] | None]

own_page_extras: ExtensionPoint[OwnPageExtra] = ExtensionPoint(
    "rights.own_page_extras", "What is shown beside a request on the person's own page: a template and its values."
)
