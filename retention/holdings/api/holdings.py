"""API operations that report collections and list holdings."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paktaleem.directory.people.selectors import get_subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.api.operations import Operation, actor_of, moment_of, validate_input
from paktaleem.foundation.api.serializers import StrictSerializer, TextField, ZonedDateTimeField
from retention.holdings.models import Holding
from retention.holdings.selectors import list_holdings_of
from retention.holdings.services import CollectionReport, report_collection

__all__ = ["ReportCollection", "SubjectHoldings"]

_MOST = 2**31 - 1


class CollectionInput(StrictSerializer):
    """A report of a collection: person, category, occasion, purpose, time and number of records."""

    beyond_schema = {
        "category": "A code of the register.",
        "occasion": "A code of the register.",
        "purpose": "A code of the register.",
        "collected_at": "Not in the future.",
    }

    subject = TextField(max_length=255)
    category = TextField(max_length=63)
    occasion = TextField(max_length=63)
    purpose = TextField(max_length=63)
    collected_at = ZonedDateTimeField()
    count = serializers.IntegerField(default=1, min_value=1, max_value=_MOST)


class CollectionOutput(serializers.Serializer[Any]):
    """A recorded collection. ``incident`` is set if it concerned a child without a guardian's authority."""

    id = serializers.UUIDField()
    category = serializers.CharField()
    occasion = serializers.CharField()
    purpose = serializers.CharField()
    count = serializers.IntegerField()
    collected_at = serializers.DateTimeField()
    reported_at = serializers.DateTimeField()
    decision = serializers.CharField()
    incident = serializers.UUIDField(allow_null=True)


class HoldingOutput(serializers.Serializer[Any]):
    """Data of one category that one system holds; ``system`` is null if the reporter acts for no system."""

    category = serializers.CharField()
    system = serializers.CharField(allow_null=True)
    occasions = serializers.ListField(child=serializers.CharField())
    purposes = serializers.ListField(child=serializers.CharField())
    count = serializers.IntegerField()
    first_collected_at = serializers.DateTimeField()
    last_collected_at = serializers.DateTimeField()


class HoldingsOutput(serializers.Serializer[Any]):
    """The data held about one person."""

    subject = serializers.CharField()
    holdings = HoldingOutput(many=True)


class ReportCollection(Operation):
    """``POST /api/v1/collections``."""

    capabilities = {"POST": Capability.REPORT_COLLECTIONS}

    @extend_schema(request=CollectionInput, responses={201: CollectionOutput})
    def post(self, request: Request) -> Response:
        """Report a collection of data: 201. It is recorded with the reason of the decision, even if that denies it.

        Data of a child without a guardian's authority is quarantined from then on, and its erasure is ordered.
        """
        given = validate_input(CollectionInput, request.data)
        person = get_subject(given.pop("subject"), actor=actor_of(request))
        made, incident = report_collection(
            person, CollectionReport(**given), actor=actor_of(request), at=moment_of(request)
        )
        answer = {
            "id": str(made.pk),
            "category": made.category,
            "occasion": made.occasion,
            "purpose": made.purpose,
            "count": made.count,
            "collected_at": made.collected_at.isoformat(),
            "reported_at": made.reported_at.isoformat(),
            "decision": made.reason,
            "incident": None if incident is None else str(incident.pk),
        }
        return Response(answer, HTTPStatus.CREATED)


class SubjectHoldings(Operation):
    """``GET /api/v1/subjects/{external_id}/holdings``."""

    capabilities = {"GET": Capability.VIEW_HOLDINGS}
    is_conditional = True

    @extend_schema(responses=HoldingsOutput)
    def get(self, request: Request, external_id: str) -> Response:
        """Return the data held about a person by category and system, with times, purposes and number of records."""
        person = get_subject(external_id, actor=actor_of(request))
        held = [_serialize_holding(one) for one in list_holdings_of(person, actor=actor_of(request))]
        return Response({"subject": external_id, "holdings": held})


def _serialize_holding(held: Holding) -> dict[str, Any]:
    return {
        "category": held.category,
        "system": held.system.code if held.system else None,
        "occasions": held.occasions,
        "purposes": held.purposes,
        "count": held.count,
        "first_collected_at": held.first_collected_at.isoformat(),
        "last_collected_at": held.last_collected_at.isoformat(),
    }
