"""API operation that reports when data was used."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.api.operations import Operation, actor_of, client_of, moment_of, validate_input
from paktaleem.foundation.api.serializers import StrictSerializer, TextField, ZonedDateTimeField
from retention.holdings.services.activity import ActivityReport, report_activity


class ActivityInput(StrictSerializer):
    """A report that a person's data was used; without ``category``, all that the reporting system holds."""

    beyond_schema = {"happened_at": "Not in the future."}

    subject = TextField(max_length=255)
    happened_at = ZonedDateTimeField()
    category = TextField(max_length=63, required=False)


class ActivityBatchInput(StrictSerializer):
    """Up to 1,000 reports of activity."""

    activity = serializers.ListField(child=ActivityInput(), allow_empty=False, min_length=1, max_length=1_000)


class ActivityResultOutput(serializers.Serializer[Any]):
    """The result of one report: recorded, or what is wrong by field."""

    recorded = serializers.BooleanField()
    problems = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class ActivityBatchOutput(serializers.Serializer[Any]):
    """The results of a batch, in the order sent."""

    activity = ActivityResultOutput(many=True)


class ReportActivity(Operation):
    """``POST /api/v1/activity/batch``."""

    capabilities = {"POST": Capability.REPORT_COLLECTIONS}

    @extend_schema(request=ActivityBatchInput, responses=ActivityBatchOutput)
    def post(self, request: Request) -> Response:
        """Report when data of up to 1,000 people was last used: 200 with a result for each, in the order sent.

        Retention periods that count from the last activity start again. Data that was used after the event from which
        its period is counted is not disposed of. Accounts stay as they are: report a single event to reopen one.
        """
        given = validate_input(ActivityBatchInput, request.data)["activity"]
        reports = [ActivityReport(**one) for one in given]
        found = report_activity(client_of(request), reports, actor=actor_of(request), at=moment_of(request))
        return Response({"activity": [{"recorded": one.is_recorded, "problems": one.errors or {}} for one in found]})
