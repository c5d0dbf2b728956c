"""Moving a sandbox's clock, forcing states, starting over: for the key of that sandbox alone."""

from datetime import datetime, timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

import paktaleem.sandbox.api.problems  # noqa: F401 -- declares its problems
from paktaleem.accounts.models import FURTHEST_CLOCK
from paktaleem.accounts.roles import Capability
from paktaleem.api.operations import Operation, actor_of, arrival_of, client_of, moment_of, validated
from paktaleem.api.serializers import StrictSerializer, ZonedDateTimeField
from paktaleem.sandbox.services import get_sandbox, move_clock

__all__ = ["SandboxClock"]


class ClockInput(StrictSerializer):
    """How to move the clock: to a moment, or on by days and hours."""

    to = ZonedDateTimeField(required=False)
    days = serializers.IntegerField(required=False, min_value=0, max_value=FURTHEST_CLOCK.days)
    hours = serializers.IntegerField(required=False, min_value=0, max_value=24 * 366)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take one of the two ways."""
        if ("to" in attrs) == bool({"days", "hours"} & set(attrs)):
            raise serializers.ValidationError({"to": ["Give either a moment, or days and hours to move on by."]})
        return attrs


class ClockOutput(serializers.Serializer[Any]):
    """What time it is in the sandbox, and how far that is ahead of the real time."""

    now = serializers.DateTimeField()
    ahead_seconds = serializers.IntegerField()


class SandboxClock(Operation):
    """``GET`` and ``POST /api/v1/sandbox/clock``."""

    capabilities = {"GET": Capability.USE_SANDBOX, "POST": Capability.USE_SANDBOX}

    @extend_schema(responses=ClockOutput)
    def get(self, request: Request) -> Response:
        """Tell what time it is in this sandbox."""
        return _told(request, get_sandbox(client_of(request), actor=actor_of(request)).clock_offset)

    @extend_schema(request=ClockInput, responses=ClockOutput)
    def post(self, request: Request) -> Response:
        """Move the clock ahead: 200. Everything this sandbox is asked from the next request on goes by it."""
        body, now = request.data, moment_of(request)
        client = get_sandbox(client_of(request), actor=actor_of(request))
        given = validated(ClockInput, body)
        moved = move_clock(client, to=_target(given, now), actor=actor_of(request), at=now)
        return _told(request, moved.clock_offset)


def _target(given: dict[str, Any], now: datetime) -> datetime:
    if "to" in given:
        moment: datetime = given["to"]
        return moment
    return now + timedelta(days=given.get("days", 0), hours=given.get("hours", 0))


def _told(request: Request, ahead: timedelta) -> Response:
    now = arrival_of(request) + ahead
    return Response({"now": now.isoformat(), "ahead_seconds": int(ahead.total_seconds())})
