"""API operations on collections and activity."""

from http import HTTPStatus

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.decisions.api import ReportResultOutput, serialize_report_result
from consent.decisions.reasons import Reason
from paktaleem.directory.people.details import ROLES
from paktaleem.directory.people.selectors import get_subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.web.api.operations import Operation, actor_of, client_of, moment_of, validate_input
from paktaleem.foundation.web.api.serializers import StrictSerializer, TextField, ZonedDateTimeField, serialize_row
from retention.holdings.services.holdings import (
    ActivityReport,
    CollectionReport,
    report_activity,
    report_collection,
    report_collections,
)

_MOST = 2**31 - 1


class CollectionInput(StrictSerializer):
    """A report of a collection: person, category, occasion, purpose, time and number of records.

    Leave ``purpose`` out if the data was collected for no purpose of the register.
    """

    beyond_schema = {
        "category": "A code of the register.",
        "occasion": "A code of the register.",
        "purpose": "A code of the register.",
        "collected_at": "Not in the future.",
    }

    subject = TextField(max_length=255)
    category = TextField(max_length=63)
    occasion = TextField(max_length=63)
    purpose = TextField(max_length=63, required=False)
    collected_at = ZonedDateTimeField()
    count = serializers.IntegerField(default=1, min_value=1, max_value=_MOST)
    role = serializers.ChoiceField(ROLES, required=False)


class CollectionBatchInput(StrictSerializer):
    """Up to 1,000 reports of collections."""

    collections = serializers.ListField(child=CollectionInput(), allow_empty=False, min_length=1, max_length=1_000)


class CollectionOutput(serializers.Serializer[object]):
    """A recorded collection. ``incident`` is set if it concerned a child without a guardian's authority.

    ``decision`` is ``permitted``, or the reason why it was denied; then ``flagged`` is true, and staff decide about it.
    """

    id = serializers.UUIDField()
    category = serializers.CharField()
    occasion = serializers.CharField()
    purpose = serializers.CharField()
    count = serializers.IntegerField()
    collected_at = serializers.DateTimeField()
    reported_at = serializers.DateTimeField()
    decision = serializers.CharField(source="reason")
    flagged = serializers.BooleanField()
    incident = serializers.UUIDField(allow_null=True)


class CollectionResultOutput(ReportResultOutput):
    """The result of one report of a batch: the recorded collection, or what is wrong by field."""

    incident = serializers.UUIDField(allow_null=True)


class CollectionBatchOutput(serializers.Serializer[object]):
    """The results of a batch, in the order sent."""

    collections = CollectionResultOutput(many=True)


class ReportCollection(Operation):
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
        flagged, key = made.reason != Reason.PERMITTED, None if incident is None else str(incident.pk)
        return Response(serialize_row(CollectionOutput, made, flagged=flagged, incident=key), HTTPStatus.CREATED)


class ReportCollections(Operation):
    capabilities = {"POST": Capability.REPORT_COLLECTIONS}

    @extend_schema(request=CollectionBatchInput, responses=CollectionBatchOutput)
    def post(self, request: Request) -> Response:
        """Report up to 1,000 collections: 200 with a result for each, in the order sent.

        A report with an error (an unknown code or person, a time in the future) is left out, and the others are
        recorded. A category that the purpose does not cover is no error: it is recorded and flagged.
        """
        given = validate_input(CollectionBatchInput, request.data)["collections"]
        reports = [CollectionReport(**one) for one in given]
        found = report_collections(client_of(request), reports, actor=actor_of(request), at=moment_of(request))
        results = [
            serialize_report_result(one.collection, is_flagged=one.is_flagged, errors=one.errors)
            | {"incident": str(one.incident.pk) if one.incident else None}
            for one in found
        ]
        return Response({"collections": results})


class ActivityInput(StrictSerializer):
    """A report that a person's data was used; without ``category``, all that the reporting system holds."""

    beyond_schema = {"happened_at": "Not in the future."}

    subject = TextField(max_length=255)
    happened_at = ZonedDateTimeField()
    category = TextField(max_length=63, required=False)


class ActivityBatchInput(StrictSerializer):
    """Up to 1,000 reports of activity."""

    activity = serializers.ListField(child=ActivityInput(), allow_empty=False, min_length=1, max_length=1_000)


class ActivityResultOutput(serializers.Serializer[object]):
    """The result of one report: recorded, or what is wrong by field."""

    recorded = serializers.BooleanField()
    problems = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class ActivityBatchOutput(serializers.Serializer[object]):
    """The results of a batch, in the order sent."""

    activity = ActivityResultOutput(many=True)


class ReportActivity(Operation):
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
        return Response({"activity": [{"recorded": not faults, "problems": faults} for faults in found]})
