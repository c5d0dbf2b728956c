"""The sandbox API."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paktaleem.directory.data_systems.api import CodeField, NewValuesField, OrderOutput, as_order
from paktaleem.directory.data_systems.models import OrderKind
from paktaleem.directory.data_systems.selectors import system_of_key
from paktaleem.foundation.accounts.models import MAX_CLOCK_OFFSET
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.web.api.operations import (
    Operation,
    actor_of,
    by_caller,
    client_of,
    get_arrival_time,
    moment_of,
    validate_input,
)
from paktaleem.foundation.web.api.serializers import (
    EXTERNAL_ID,
    PatternField,
    StrictSerializer,
    TextField,
    ZonedDateTimeField,
)
from paktaleem.office.sandbox.services.forcing import STATES, force_state, make_inventory, make_order
from paktaleem.office.sandbox.services.registering import get_sandbox, move_clock, reset_sandbox
from retention.inventories.api import InventoryOutput, serialize_inventory


class ClockInput(StrictSerializer):
    """The time to which the clock is moved, or the days and hours by which it is moved."""

    schema_rules = {"oneOf": [{"required": ["to"]}, {"anyOf": [{"required": ["days"]}, {"required": ["hours"]}]}]}
    beyond_schema = {"to": f"Not before the sandbox's time; at most {MAX_CLOCK_OFFSET.days:,} days ahead of real time."}

    to = ZonedDateTimeField(required=False)
    days = serializers.IntegerField(required=False, min_value=0, max_value=MAX_CLOCK_OFFSET.days)
    hours = serializers.IntegerField(required=False, min_value=0, max_value=24 * 366)

    def validate(self, attrs: dict[str, Any]) -> dict[str, object]:
        if ("to" in attrs) == bool({"days", "hours"} & set(attrs)):
            raise serializers.ValidationError({"to": ["Give either a time, or days and hours to move ahead."]})
        return attrs


class ClockOutput(serializers.Serializer[object]):
    """The sandbox's current time, and how far it is ahead of real time."""

    now = serializers.DateTimeField()
    ahead_seconds = serializers.IntegerField()


class SandboxClock(Operation):
    capabilities = {"GET": Capability.USE_SANDBOX, "POST": Capability.USE_SANDBOX}

    @extend_schema(responses=ClockOutput)
    def get(self, request: Request) -> Response:
        """Return the sandbox's current time."""
        return _clock_response(request, get_sandbox(client_of(request), actor=actor_of(request)).clock_offset)

    @extend_schema(request=ClockInput, responses=ClockOutput)
    def post(self, request: Request) -> Response:
        """Move the clock ahead: 200. It applies to all requests of this sandbox from the next one on."""
        body, now = request.data, moment_of(request)
        client = get_sandbox(client_of(request), actor=actor_of(request))
        given = validate_input(ClockInput, body)
        to = given.get("to") or now + timedelta(days=given.get("days", 0), hours=given.get("hours", 0))
        moved = move_clock(client, to=to, actor=actor_of(request), at=now)
        return _clock_response(request, moved.clock_offset)


_ID = "Use an LMS id: visible characters without “@”."


class StateInput(StrictSerializer):
    """Person, state and, if the state is about one, purpose."""

    beyond_schema = {
        "purpose": "A purpose that fits the state, of the sandbox's own where the state changes it.",
        "state": "One that the sandbox's register allows.",
    }

    subject = PatternField(EXTERNAL_ID, allowed=_ID, max_length=255 - len("-guardian"))
    state = serializers.ChoiceField(list(STATES))
    purpose = TextField(max_length=63, required=False)


class StateOutput(serializers.Serializer[object]):
    """The state reached, and the resulting decision and reason."""

    subject = serializers.CharField()
    state = serializers.CharField()
    purpose = serializers.CharField()
    decision = serializers.BooleanField()
    reason = serializers.CharField()
    now = serializers.DateTimeField()


class SandboxState(Operation):
    capabilities = {"POST": Capability.USE_SANDBOX}

    @extend_schema(request=StateInput, responses=StateOutput)
    def post(self, request: Request) -> Response:
        """Bring a person into a state, whatever their state before: 200. An unknown person is registered.

        Changes to the agreement, notice or clock that the state requires apply to the whole sandbox.
        """
        body = request.data
        client = get_sandbox(client_of(request), actor=actor_of(request))
        given = validate_input(StateInput, body)
        subject, state, purpose = given["subject"], given["state"], given.get("purpose", "")
        forced = force_state(client, state=state, external_id=subject, purpose=purpose, **by_caller(request))
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


class OrderInput(StrictSerializer):
    """Person and kind of an order; ``new_values`` for a correction only: the corrected value of each field."""

    schema_rules = {
        "oneOf": [
            {"properties": {"kind": {"enum": ["correct"]}}, "required": ["new_values"]},
            {
                "properties": {"kind": {"enum": [one for one in OrderKind.values if one != OrderKind.CORRECT]}},
                "not": {"required": ["new_values"]},
            },
        ]
    }
    beyond_schema = {"categories": "Categories that the system of the key holds."}

    subject = TextField(max_length=255)
    kind = serializers.ChoiceField(OrderKind.values)
    categories = serializers.ListField(child=CodeField(), required=False, min_length=1, max_length=50)
    new_values = NewValuesField(required=False)


class SandboxOrders(Operation):
    capabilities = {"POST": Capability.USE_SANDBOX}

    @extend_schema(request=OrderInput, responses={201: OrderOutput})
    def post(self, request: Request) -> Response:
        """Make an order about a person to the system of this key, due in 30 days: 201.

        Without ``categories`` it covers all that the system holds.
        """
        body, actor, at = request.data, actor_of(request), moment_of(request)
        client = get_sandbox(client_of(request), actor=actor)
        given = validate_input(OrderInput, body)
        external_id, system = given.pop("subject"), system_of_key(actor, at=at)
        order = make_order(client, external_id=external_id, system=system, **given, actor=actor, at=at)
        return Response(as_order(order), HTTPStatus.CREATED)


class EmptyInput(StrictSerializer):
    """An empty body."""


class SandboxInventories(Operation):
    capabilities = {"POST": Capability.USE_SANDBOX}

    @extend_schema(request=EmptyInput, responses={201: InventoryOutput})
    def post(self, request: Request) -> Response:
        """Order an inventory of the system of this key: 201. Returns the open one if there is one."""
        body, actor, at = request.data, actor_of(request), moment_of(request)
        client = get_sandbox(client_of(request), actor=actor)
        validate_input(EmptyInput, body)
        made = make_inventory(client, system=system_of_key(actor, at=at), actor=actor, at=at)
        return Response(serialize_inventory(made), HTTPStatus.CREATED)


class ResetOutput(ClockOutput):
    """Number of people deleted, and the current time."""

    people = serializers.IntegerField()


class SandboxReset(Operation):
    capabilities = {"POST": Capability.USE_SANDBOX}

    @extend_schema(request=EmptyInput, responses=ResetOutput)
    def post(self, request: Request) -> Response:
        """Reset the sandbox: 200. People and their records are deleted, the clock is reset; register and keys stay."""
        body = request.data
        client = get_sandbox(client_of(request), actor=actor_of(request))
        validate_input(EmptyInput, body)
        client, people = reset_sandbox(client, actor=actor_of(request), at=moment_of(request))
        answer = _clock_response(request, client.clock_offset)
        answer.data["people"] = people
        return answer


def _clock_response(request: Request, ahead: timedelta) -> Response:
    now = get_arrival_time(request) + ahead
    return Response({"now": now.isoformat(), "ahead_seconds": int(ahead.total_seconds())})
