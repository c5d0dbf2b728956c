"""API operations on schools, terms, classes and enrolments."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paktaleem.directory.people.fields import GRADE_LIMIT, parse_grade
from paktaleem.directory.schools.models import ClassKind, EnrolmentRole, SchoolClass, SchoolKind, TermKind
from paktaleem.directory.schools.rows import CLASSES, SCHOOLS, TERMS, EnrolmentRow, PlaceRow
from paktaleem.directory.schools.selectors import list_terms_of_class
from paktaleem.directory.schools.services.recording import state_enrolments, state_place
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.web.api.operations import Operation, actor_of, client_of, moment_of, validate_input
from paktaleem.foundation.web.api.serializers import (
    EXTERNAL_ID,
    PERSON_NAME,
    DayField,
    PatternField,
    StrictSerializer,
    TextField,
    TruthField,
    serialize_row,
)

_ID = "Use 1 to 255 visible characters without “@”."
_AFTER = "Not before starts_on."
_GRADE = f"Use a grade of at most {GRADE_LIMIT} visible characters in capitals, such as 7 or KG."
_KNOWN = "The id of one that is registered here."
_ENDED = "True only for an id that is registered here."


class IdField(PatternField):
    """The id of a school, term, class, enrolment or person in the learning platform."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(EXTERNAL_ID, allowed=_ID, max_length=255, **kwargs)


def _check_days(attrs: dict[str, Any]) -> dict[str, Any]:
    starts_on, ends_on = attrs.get("starts_on"), attrs.get("ends_on")
    if starts_on and ends_on and ends_on < starts_on:
        raise serializers.ValidationError({"ends_on": ["Not before starts_on: the first day after the last one."]})
    return attrs


class SchoolInput(StrictSerializer):
    """A school or an organisation above schools. ``ended`` is true once it is no longer in use."""

    beyond_schema = {"part_of": _KNOWN, "ended": _ENDED}

    name = TextField(max_length=255)
    kind = serializers.ChoiceField(SchoolKind.values, default=SchoolKind.SCHOOL.value)
    part_of = IdField(required=False)
    ended = TruthField(default=False)


class TermInput(StrictSerializer):
    """A term or school year: from its first day to the first day after its last one."""

    beyond_schema = {"part_of": _KNOWN, "ends_on": _AFTER, "ended": _ENDED}

    title = TextField(max_length=255)
    kind = serializers.ChoiceField(TermKind.values, default=TermKind.TERM.value)
    starts_on = DayField()
    ends_on = DayField()
    part_of = IdField(required=False)
    ended = TruthField(default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return _check_days(attrs)


class ClassInput(StrictSerializer):
    """A class of a school, in some terms. Do not name people in the title."""

    beyond_schema = {
        "school": _KNOWN,
        "terms": "The ids of terms that are registered here.",
        "ended": _ENDED,
        "grade": _GRADE,
    }

    title = TextField(max_length=255)
    kind = serializers.ChoiceField(ClassKind.values, default=ClassKind.HOMEROOM.value)
    school = IdField(required=False)
    terms = serializers.ListField(child=IdField(), default=list, max_length=20)
    grade = PatternField(PERSON_NAME, allowed=_GRADE, required=False, max_length=GRADE_LIMIT)
    ended = TruthField(default=False)

    def validate_grade(self, text: str) -> str:
        try:
            return parse_grade(text)
        except ValueError as error:
            raise serializers.ValidationError(_GRADE) from error


class EnrolmentInput(StrictSerializer):
    """A person in a class; ``id`` is the enrolment's own id, if your platform has one.

    ``starts_on`` is today if omitted, ``ends_on`` the first day on which the person is no longer in the class.
    ``ended`` ends the enrolment: on ``ends_on``, or today.
    """

    beyond_schema = {"class": "A class in use.", "subject": "A registered person.", "ends_on": _AFTER}

    id = IdField(required=False)
    subject = IdField()
    role = serializers.ChoiceField(EnrolmentRole.values, default=EnrolmentRole.STUDENT.value)
    starts_on = DayField(required=False)
    ends_on = DayField(required=False)
    ended = TruthField(default=False)

    def get_fields(self) -> dict[str, Any]:
        """Add the class, whose name is a keyword of Python."""
        return {"class": IdField()} | super().get_fields()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return _check_days(attrs)


class EnrolmentBatchInput(StrictSerializer):
    """Up to 1,000 enrolments."""

    enrolments = serializers.ListField(child=EnrolmentInput(), allow_empty=False, min_length=1, max_length=1_000)


class _SourcedOutput(serializers.Serializer[object]):
    """Fields of every answer about a school, term or class."""

    external_id = serializers.CharField()
    id = serializers.UUIDField()
    kind = serializers.CharField()
    changed_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class SchoolOutput(_SourcedOutput):
    """A school as it is registered."""

    name = serializers.CharField()
    part_of = serializers.CharField(source="parent.external_id", allow_null=True)


class TermOutput(_SourcedOutput):
    """A term as it is registered."""

    title = serializers.CharField()
    starts_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    part_of = serializers.CharField(source="parent.external_id", allow_null=True)


class ClassOutput(_SourcedOutput):
    """A class as it is registered."""

    title = serializers.CharField()
    school = serializers.CharField(source="school.external_id", allow_null=True)
    terms = serializers.ListField(child=serializers.CharField())
    grade = serializers.CharField(help_text="Empty if none is stated.")


class EnrolmentResultOutput(serializers.Serializer[object]):
    """The result of one enrolment: added, changed, unchanged or ended; or what is wrong by field."""

    recorded = serializers.BooleanField()
    result = serializers.ChoiceField(["added", "changed", "unchanged", "ended"], allow_null=True)
    problems = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class EnrolmentBatchOutput(serializers.Serializer[object]):
    """The results of a batch, in the order sent."""

    enrolments = EnrolmentResultOutput(many=True)


def _state(part: str, row: PlaceRow, output: type[_SourcedOutput], request: Request) -> Response:
    client = Client.objects.get(id=client_of(request))
    place, is_new = state_place(part, row, client=client, actor=actor_of(request), at=moment_of(request))
    terms = list_terms_of_class(place) if isinstance(place, SchoolClass) else []
    answer = serialize_row(output, place, terms=sorted(term.external_id for term in terms))
    return Response(answer, HTTPStatus.CREATED if is_new else HTTPStatus.OK)


class StateSchool(Operation):
    capabilities = {"PUT": Capability.REGISTER_SUBJECTS}

    @extend_schema(request=SchoolInput, responses={200: SchoolOutput, 201: SchoolOutput})
    def put(self, request: Request, external_id: str) -> Response:
        """Record one school or district: 201 if new, 200 otherwise. The same request again changes nothing."""
        given = validate_input(SchoolInput, request.data)
        values = (given["name"], given["kind"], given.get("part_of", ""))
        return _state(SCHOOLS, PlaceRow(0, external_id, *values, gone=given["ended"]), SchoolOutput, request)


class StateTerm(Operation):
    capabilities = {"PUT": Capability.REGISTER_SUBJECTS}

    @extend_schema(request=TermInput, responses={200: TermOutput, 201: TermOutput})
    def put(self, request: Request, external_id: str) -> Response:
        """Record one term or school year: 201 if new, 200 otherwise. The same request again changes nothing."""
        given = validate_input(TermInput, request.data)
        values = (given["title"], given["kind"], given.get("part_of", ""), given["starts_on"], given["ends_on"])
        return _state(TERMS, PlaceRow(0, external_id, *values, gone=given["ended"]), TermOutput, request)


class StateClass(Operation):
    capabilities = {"PUT": Capability.REGISTER_SUBJECTS}

    @extend_schema(request=ClassInput, responses={200: ClassOutput, 201: ClassOutput})
    def put(self, request: Request, external_id: str) -> Response:
        """Record one class: 201 if new, 200 otherwise. The same request again changes nothing.

        ``terms`` lists all terms of the class. ``ended`` also ends the enrolments in it.
        """
        given = validate_input(ClassInput, request.data)
        values = (given["title"], given["kind"], given.get("school", ""))
        more = {"terms": given["terms"], "grade": given.get("grade", ""), "gone": given["ended"]}
        return _state(CLASSES, PlaceRow(0, external_id, *values, **more), ClassOutput, request)


class RecordEnrolments(Operation):
    capabilities = {"POST": Capability.REGISTER_SUBJECTS}

    @extend_schema(request=EnrolmentBatchInput, responses=EnrolmentBatchOutput)
    def post(self, request: Request) -> Response:
        """Record up to 1,000 enrolments: 200 with a result for each, in the order sent.

        An enrolment is found by its ``id``, or by class, subject and role. If its class has changed, the earlier
        period ends and another begins. Enrolments that the batch does not name stay as they are.
        """
        given = validate_input(EnrolmentBatchInput, request.data)["enrolments"]
        rows = [_to_row(place, one) for place, one in enumerate(given)]
        client = Client.objects.get(id=client_of(request))
        results = state_enrolments(rows, client=client, actor=actor_of(request), at=moment_of(request))
        shown = [{"recorded": not one.errors, "result": one.result, "problems": one.errors} for one in results]
        return Response({"enrolments": shown})


def _to_row(place: int, given: dict[str, Any]) -> EnrolmentRow:
    ids, days = (given.get("id", ""), given["class"], given["subject"]), (given.get("starts_on"), given.get("ends_on"))
    return EnrolmentRow(place, *ids, given["role"], *days, gone=given["ended"])
