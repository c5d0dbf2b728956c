"""API operation on what is held about a person, and until when."""

from datetime import datetime

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paktaleem.directory.people.selectors import get_subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.web.api.operations import Operation, actor_of, moment_of
from paktaleem.foundation.web.api.serializers import serialize_row
from retention.inventories.selectors import get_basis
from retention.schedule.selectors import DueState, HoldingDue, list_due_of_person


class HoldingOutput(serializers.Serializer[object]):
    """Data of one category that one system holds; ``system`` is null if the reporter acts for no system.

    ``due_at`` is the time at which the last day ends on which the data is kept: null if no date can be said yet.
    ``retention`` says why: ``kept`` until then, ``due``, ``held`` by a hold, ``in_use`` after the event from which the
    period is counted, ``waiting`` for that event, or ``no_rule``. ``purpose`` is the one that keeps it longest.

    ``rests_on`` is ``confirmed`` if the system named everyone of whom data of the category was reported in its last
    inventory, at ``confirmed_at``. ``is_declared``: the data map says that the system holds this category.
    """

    category = serializers.CharField()
    system = serializers.CharField(allow_null=True, source="system.code")
    occasions = serializers.ListField(child=serializers.CharField())
    purposes = serializers.ListField(child=serializers.CharField())
    count = serializers.IntegerField()
    first_collected_at = serializers.DateTimeField()
    last_collected_at = serializers.DateTimeField()
    last_activity_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    retention = serializers.ChoiceField([state.value for state in DueState])
    purpose = serializers.CharField(allow_null=True)
    rests_on = serializers.ChoiceField(["confirmed", "not_confirmed"])
    confirmed_at = serializers.DateTimeField(allow_null=True)
    is_declared = serializers.BooleanField()


class HoldingsOutput(serializers.Serializer[object]):
    """The data held about one person."""

    subject = serializers.CharField()
    holdings = HoldingOutput(many=True)


class SubjectHoldings(Operation):
    capabilities = {"GET": Capability.VIEW_HOLDINGS}
    is_conditional = True

    @extend_schema(responses=HoldingsOutput)
    def get(self, request: Request, external_id: str) -> Response:
        """Return what is held about a person by category and system: since when, for what, and until when."""
        person, at = get_subject(external_id, actor=actor_of(request)), moment_of(request)
        found = list_due_of_person(person, actor=actor_of(request), at=at)
        return Response({"subject": external_id, "holdings": [_serialize(one, at) for one in found]})


def _serialize(one: HoldingDue, at: datetime) -> dict[str, object]:
    due_at = one.due_at.isoformat() if one.due_at else None
    retention, purpose = one.state(at).value, one.decisive.purpose or None
    basis = get_basis(one.holding).to_codes()
    values = {key: basis[key] for key in ("rests_on", "confirmed_at")}
    return serialize_row(HoldingOutput, one.holding, due_at=due_at, retention=retention, purpose=purpose, **values)
