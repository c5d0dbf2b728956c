"""Moving a sandbox's clock, forcing states, starting over: for the key of that sandbox alone."""

from datetime import datetime, timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

import paktaleem.sandbox.api.problems  # noqa: F401 -- declares its problems
from paktaleem.foundation.accounts.models import FURTHEST_CLOCK
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.api.operations import (
    Operation,
    actor_of,
    arrival_of,
    client_of,
    moment_of,
    validated,
)
from paktaleem.foundation.api.serializers import StrictSerializer, TextField, ZonedDateTimeField
from paktaleem.sandbox.services import force_state, get_sandbox, move_clock, start_over
from paktaleem.sandbox.states import STATES

__all__ = ["SandboxClock", "SandboxReset", "SandboxState"]


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


class StateInput(StrictSerializer):
    """Who is to be in which state, and about which purpose, where the state is about one."""

    subject = TextField(max_length=255)
    state = serializers.ChoiceField(list(STATES))
    purpose = TextField(max_length=63, required=False)


class StateOutput(serializers.Serializer[Any]):
    """The state that holds, and what is answered now: the decision and the reason that the state promises."""

    subject = serializers.CharField()
    state = serializers.CharField()
    purpose = serializers.CharField()
    decision = serializers.BooleanField()
    reason = serializers.CharField()
    now = serializers.DateTimeField()


class SandboxState(Operation):
    """``POST /api/v1/sandbox/state``."""

    capabilities = {"POST": Capability.USE_SANDBOX}

    @extend_schema(request=StateInput, responses=StateOutput)
    def post(self, request: Request) -> Response:
        """Bring somebody into a state, whatever they were before: 200. Who is not registered is.

        What the state needs is made so for everybody in this sandbox: its agreement, its notice, its clock.
        """
        body = request.data
        client = get_sandbox(client_of(request), actor=actor_of(request))
        given = validated(StateInput, body)
        told: dict[str, Any] = {"actor": actor_of(request), "at": moment_of(request)}
        subject, state = given["subject"], given["state"]
        forced = force_state(client, state=state, external_id=subject, purpose=given.get("purpose"), **told)
        return Response(
            {
                "subject": subject,
                "state": state,
                "purpose": forced.purpose,
                "decision": forced.answer.allowed,
                "reason": forced.answer.reason.value,
                "now": forced.now.isoformat(),
            }
        )


class ResetInput(StrictSerializer):
    """Nothing."""


class ResetOutput(ClockOutput):
    """How many people are gone, and what time it is now."""

    people = serializers.IntegerField()


class SandboxReset(Operation):
    """``POST /api/v1/sandbox/reset``."""

    capabilities = {"POST": Capability.USE_SANDBOX}

    @extend_schema(request=ResetInput, responses=ResetOutput)
    def post(self, request: Request) -> Response:
        """Start over: 200. People and all about them are gone, the clock is right again; register and keys stay."""
        body = request.data
        client = get_sandbox(client_of(request), actor=actor_of(request))
        validated(ResetInput, body)
        client, people = start_over(client, actor=actor_of(request), at=moment_of(request))
        answer = _told(request, client.clock_offset)
        answer.data["people"] = people
        return answer


def _target(given: dict[str, Any], now: datetime) -> datetime:
    if "to" in given:
        moment: datetime = given["to"]
        return moment
    return now + timedelta(days=given.get("days", 0), hours=given.get("hours", 0))


def _told(request: Request, ahead: timedelta) -> Response:
    now = arrival_of(request) + ahead
    return Response({"now": now.isoformat(), "ahead_seconds": int(ahead.total_seconds())})
