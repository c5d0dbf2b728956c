"""API operations on disclosures."""

from http import HTTPStatus

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.decisions.api import ReportResultOutput, serialize_report_result
from consent.sharing.services import DisclosureReport, report_disclosure, report_disclosures
from paktaleem.directory.people.details import ROLES
from paktaleem.directory.people.selectors import get_subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.web.api.operations import Operation, actor_of, client_of, moment_of, validate_input
from paktaleem.foundation.web.api.serializers import StrictSerializer, TextField, ZonedDateTimeField, serialize_row

_MOST_CATEGORIES = 100


class DisclosureInput(StrictSerializer):
    """A report of a disclosure: person, recipient, purpose, categories of data and time."""

    beyond_schema = {
        "recipient": "A code of the register.",
        "purpose": "A code of the register.",
        "categories": "Codes of the register.",
        "shared_at": "Not in the future.",
    }

    subject = TextField(max_length=255)
    recipient = TextField(max_length=63)
    purpose = TextField(max_length=63)
    categories = serializers.ListField(
        child=TextField(max_length=63), allow_empty=False, min_length=1, max_length=_MOST_CATEGORIES
    )
    shared_at = ZonedDateTimeField()
    role = serializers.ChoiceField(ROLES, required=False)


class DisclosureBatchInput(StrictSerializer):
    """Up to 1,000 reports of disclosures."""

    disclosures = serializers.ListField(child=DisclosureInput(), allow_empty=False, min_length=1, max_length=1_000)


class DisclosureOutput(serializers.Serializer[object]):
    """A recorded disclosure. ``decision`` is ``permitted``, or why it was denied; then ``flagged`` is true."""

    id = serializers.UUIDField()
    recipient = serializers.CharField(source="recipient.code")
    purpose = serializers.CharField()
    categories = serializers.ListField(child=serializers.CharField())
    shared_at = serializers.DateTimeField()
    reported_at = serializers.DateTimeField()
    decision = serializers.CharField(source="reason")
    flagged = serializers.BooleanField(source="is_denied")


class DisclosureResultOutput(ReportResultOutput):
    """The result of one report of a batch: the recorded disclosure, or what is wrong by field."""


class DisclosureBatchOutput(serializers.Serializer[object]):
    """The results of a batch, in the order sent."""

    disclosures = DisclosureResultOutput(many=True)


class ReportDisclosure(Operation):
    capabilities = {"POST": Capability.REPORT_DISCLOSURES}

    @extend_schema(request=DisclosureInput, responses={201: DisclosureOutput})
    def post(self, request: Request) -> Response:
        """Report that data was shared: 201. It is recorded with the reason of the decision, even if that denies it.

        Ask for the decision ``share`` before you share; the report is decided as of the time of sharing.
        """
        given = validate_input(DisclosureInput, request.data)
        person = get_subject(given.pop("subject"), actor=actor_of(request))
        made = report_disclosure(person, DisclosureReport(**given), actor=actor_of(request), at=moment_of(request))
        return Response(serialize_row(DisclosureOutput, made), HTTPStatus.CREATED)


class ReportDisclosures(Operation):
    capabilities = {"POST": Capability.REPORT_DISCLOSURES}

    @extend_schema(request=DisclosureBatchInput, responses=DisclosureBatchOutput)
    def post(self, request: Request) -> Response:
        """Report up to 1,000 disclosures: 200 with a result for each, in the order sent.

        A report with an error (an unknown code or person, a time in the future) is left out, and the others are
        recorded. A disclosure that the decision denies is no error: it is recorded and flagged.
        """
        given = validate_input(DisclosureBatchInput, request.data)["disclosures"]
        reports = [DisclosureReport(**one) for one in given]
        found = report_disclosures(client_of(request), reports, actor=actor_of(request), at=moment_of(request))
        results = [
            serialize_report_result(one.disclosure, is_flagged=one.is_flagged, errors=one.errors) for one in found
        ]
        return Response({"disclosures": results})
