"""API operations of the data map: a system declares what it holds."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.register.models.purposes import ROLES
from paktaleem.directory.data_systems.models import System
from paktaleem.directory.data_systems.selectors import system_of_key
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.web.api.operations import Operation, actor_of, by_caller, client_of, moment_of, validate_input
from paktaleem.foundation.web.api.serializers import StrictSerializer, TextField, TruthField, serialize_row
from retention.data_map.models import FoundBy, MapLine
from retention.data_map.selectors import Declaration, compare, list_lines
from retention.data_map.services import declare_map, find_errors

_MOST_LINES = 100


class LineInput(StrictSerializer):
    """Data of one category: of whom, what for, in which countries, and by which key a person is found."""

    beyond_schema = {
        "category": "A category for which the system is registered.",
        "purposes": "Codes of the register.",
        "countries": "ISO 3166 codes, such as PK.",
    }

    category = TextField(max_length=63)
    roles = serializers.ListField(child=serializers.ChoiceField(ROLES), min_length=1, max_length=len(ROLES))
    purposes = serializers.ListField(child=TextField(max_length=63), default=list, max_length=_MOST_LINES)
    countries = serializers.ListField(child=TextField(max_length=2), min_length=1, max_length=_MOST_LINES)
    found_by = serializers.ChoiceField(FoundBy.choices)


class DataMapInput(StrictSerializer):
    """All that the system holds of the client's people. With ``preview`` nothing is saved."""

    lines = serializers.ListField(child=LineInput(), max_length=_MOST_LINES)
    preview = TruthField(default=False)


class LineOutput(serializers.Serializer[object]):
    """A line of the map. ``confirmed_at`` is null until the client has confirmed it as it is now."""

    category = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    purposes = serializers.ListField(child=serializers.CharField())
    countries = serializers.ListField(child=serializers.CharField())
    found_by = serializers.CharField()
    declared_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(allow_null=True)


class DataMapOutput(serializers.Serializer[object]):
    """The declaration of a system; ``system`` is its code."""

    system = serializers.CharField()
    lines = LineOutput(many=True)


class DataMapEffectOutput(DataMapOutput):
    """The lines after the call, or before it for a preview; what it changes, by category; and what is left open.

    ``undeclared`` are categories of which the system reported data that it does not declare to hold.
    """

    added = serializers.ListField(child=serializers.CharField())
    changed = serializers.ListField(child=serializers.CharField())
    ended = serializers.ListField(child=serializers.CharField())
    undeclared = serializers.ListField(child=serializers.CharField())


class DataMap(Operation):
    capabilities = {"GET": Capability.COMPLETE_ORDERS, "PUT": Capability.COMPLETE_ORDERS}

    @extend_schema(responses=DataMapOutput)
    def get(self, request: Request) -> Response:
        """Return what the system of the key declares to hold of the client's people."""
        system = system_of_key(actor_of(request), at=moment_of(request))
        return Response(_serialize(system, list_lines(system, client_id=client_of(request))))

    @extend_schema(request=DataMapInput, responses=DataMapEffectOutput)
    def put(self, request: Request) -> Response:
        """Replace what the system of the key declares to hold; return the effect, also as a preview.

        An unchanged line stays confirmed; the client is asked to confirm the others. A category that is left out ends.
        """
        given = validate_input(DataMapInput, request.data)
        client_id, system = client_of(request), system_of_key(actor_of(request), at=moment_of(request))
        declared = [Declaration(**one) for one in given["lines"]]
        if errors := find_errors(system, declared, client_id=client_id):
            raise serializers.ValidationError({"lines": {str(place): found for place, found in errors.items()}})
        effect = compare(system, declared, client_id=client_id)
        if not given["preview"]:
            declare_map(system, declared, client_id=client_id, **by_caller(request))
        return Response(_serialize(system, list_lines(system, client_id=client_id)) | effect)


def _serialize(system: System, lines: list[MapLine]) -> dict[str, object]:
    return {"system": system.code, "lines": [serialize_row(LineOutput, line) for line in lines]}
