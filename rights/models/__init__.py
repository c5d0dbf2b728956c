"""Models of rights requests."""

from rights.models.limits import LiftNotice, NoticeWay, Overruling
from rights.models.requests import (
    PARENT,
    Channel,
    IdentityMethod,
    RequestPart,
    RightKind,
    RightsRequest,
    RightsRequestQuerySet,
)
from rights.models.timeline import PauseCause, RequestExtension, RequestNote, RequestPause, RequestStep, ScheduledStep

__all__ = [
    "PARENT",
    "Channel",
    "IdentityMethod",
    "LiftNotice",
    "NoticeWay",
    "Overruling",
    "PauseCause",
    "RequestExtension",
    "RequestNote",
    "RequestPart",
    "RequestPause",
    "RequestStep",
    "RightKind",
    "RightsRequest",
    "RightsRequestQuerySet",
    "ScheduledStep",
]
