"""Models of rights requests."""

from rights.requests.models.limits import RequestLimit
from rights.requests.models.requests import (
    ANSWERED_IN_TIME,
    PARENT,
    SOON,
    TO_CALL,
    Channel,
    IdentityMethod,
    RequestPart,
    RightKind,
    RightsRequest,
    RightsRequestQuerySet,
)
from rights.requests.models.timeline import (
    PauseCause,
    RequestExtension,
    RequestNote,
    RequestPause,
    RequestStep,
    ScheduledStep,
)

__all__ = [
    "ANSWERED_IN_TIME",
    "PARENT",
    "SOON",
    "TO_CALL",
    "Channel",
    "IdentityMethod",
    "PauseCause",
    "RequestExtension",
    "RequestLimit",
    "RequestNote",
    "RequestPart",
    "RequestPause",
    "RequestStep",
    "RightKind",
    "RightsRequest",
    "RightsRequestQuerySet",
    "ScheduledStep",
]
