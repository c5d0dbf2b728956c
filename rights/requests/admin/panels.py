"""Extension point of the panels that apps above add to the console page of a request."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from paktaleem.foundation.extensions.points import ExtensionPoint
from rights.requests.models.requests import RightsRequest

type RequestPanel = Callable[[HttpRequest, RightsRequest], dict[str, Any] | None]

request_panels: ExtensionPoint[RequestPanel] = ExtensionPoint(
    "rights.request_panels", "Panels on the console page of every request: a template and its values, or None."
)
