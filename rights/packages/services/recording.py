"""Record steps of a package in the timeline of its request, also after the request is closed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from paktaleem.foundation.accounts.actors import Actor
from rights.requests.models.requests import RightsRequest
from rights.requests.services.steps import record_step
from rights.requests.states import State


def record(kind: str, request: RightsRequest, actor: Actor, at: datetime, facts: Mapping[str, Any]) -> None:
    """Record a step of a locked request; a closed one keeps its state."""
    record_step(kind, request, actor, at, facts, State(request.state) if request.closed_at else None)
