"""Extension point for a service to a child whose authorisation ends, or is in force again."""

from collections.abc import Callable
from datetime import datetime

from children.guardians.models import ServiceAuthorisation
from paktaleem.foundation.extensions.points import ExtensionPoint

__all__ = ["ServiceChangedHandler", "service_changed"]

type ServiceChangedHandler = Callable[[ServiceAuthorisation, bool, datetime], None]

service_changed: ExtensionPoint[ServiceChangedHandler] = ExtensionPoint(
    "guardians.service_changed",
    "Called with an answer that ends (False) or renews (True) the authorisation of the service for a child, in the "
    "same transaction; the child is locked.",
)
