"""Endpoints of the learning platform for people."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paktaleem.directory.people.ages import AgeSource
from paktaleem.directory.people.details import LANGUAGES, RESERVED, ROLES, AgeCheck
from paktaleem.directory.people.fields import GRADE_LIMIT, PERSONAL, PERSONAL_FIELDS, FieldKind, PersonalField
from paktaleem.directory.people.models import Subject, SubjectEventKind
from paktaleem.directory.people.selectors import (
    get_subject,
    list_by_change,
    list_same_person,
    map_same_person,
    with_waiting_age_change,
)
from paktaleem.directory.people.services.batches import (
    BatchRefused,
    record_subject_event,
    register_guardians,
    register_subjects,
)
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureInProgress
from paktaleem.directory.people.services.people import register_subject, reveal_fields, reveal_many
from paktaleem.foundation.accounts.actors import require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.errors import Problem
from paktaleem.foundation.web.api.operations import (
    Operation,
    actor_of,
    client_of,
    moment_of,
    paginated_response,
    read_cursor,
    sign_cursor,
    validate_input,
)
from paktaleem.foundation.web.api.problems import FieldProblem
from paktaleem.foundation.web.api.serializers import (
    EMAIL,
    EXTERNAL_ID,
    PERSON_NAME,
    PHONE,
    PROVIDER,
    DayField,
    PageInput,
    PatternField,
    ServiceTextField,
    StrictSerializer,
    TextField,
    ZonedDateTimeField,
    serialize_row,
)


class AgeGateOutput(serializers.Serializer[object]):
    """A person's state relative to the client's age threshold."""

    state = serializers.ChoiceField(["unknown", "child", "of_age"])
    sources = serializers.ListField(
        child=serializers.ChoiceField([one.value for one in AgeSource]),
        help_text="Sources that state the age, strongest first. If the state is unknown, they contradict one another.",
    )
    threshold = serializers.IntegerField(help_text="The client's threshold for the country of residence.")
    country = serializers.CharField(help_text="Country of residence; the institution's country if unknown.")
    of_age_at = serializers.DateTimeField(allow_null=True)
    guardian_decides = serializers.BooleanField()
    change_waits = serializers.BooleanField(
        help_text="True if a change that would let a child decide for themselves waits for the client's staff."
    )


class SubjectOutput(serializers.Serializer[object]):
    """One person; ``personal`` only if requested, with the scope and a reason."""

    external_id = serializers.CharField()
    id = serializers.UUIDField()
    role = serializers.CharField(help_text="The main role.")
    roles = serializers.ListField(child=serializers.CharField(), help_text="All roles, the main one first.")
    grade = serializers.CharField(help_text="The grade at school; empty if none is stated.")
    language = serializers.CharField()
    enabled = serializers.BooleanField(help_text="True if the account is open.", source="is_account_open")
    account_closed_at = serializers.DateTimeField(allow_null=True)
    age_gate = AgeGateOutput()
    erasure_started_at = serializers.DateTimeField(
        allow_null=True, help_text="When the person's erasure was confirmed; from then their data may only be deleted."
    )
    registered_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField()
    same_person_as = serializers.ListField(
        child=serializers.CharField(),
        help_text="LMS ids of other records that are the same person, as the client's staff confirmed. Decisions for "
        "each of them go by the strictest.",
    )
    personal = serializers.DictField(child=serializers.CharField(allow_null=True), required=False)


class SubjectsOutput(serializers.Serializer[object]):
    """A page of people, and the URL of the next page."""

    subjects = SubjectOutput(many=True)
    next = serializers.CharField(allow_null=True)


class BatchedOutput(serializers.Serializer[object]):
    """One person of a batch."""

    external_id = serializers.CharField()
    id = serializers.UUIDField()
    created = serializers.BooleanField()


class BatchOutput(serializers.Serializer[object]):
    """The people of a batch, in the order sent."""

    subjects = BatchedOutput(many=True)


class SubjectEventOutput(serializers.Serializer[object]):
    """An account event."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    happened_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()


class PeopleErased(FieldProblem):
    """At least one person in a batch was erased."""

    problem = Problem("subject-erased", "One of these people was erased", "A sync does not register them again.")


class PeopleBeingErased(FieldProblem):
    """At least one person in a batch is being erased, and none was erased before."""

    problem = Problem(
        "erasure-in-progress",
        "One of these people is being erased",
        "Erase what you hold of them, and leave them out of the batch.",
    )


_PATTERNS = {FieldKind.NAME: PERSON_NAME, FieldKind.EMAIL: EMAIL, FieldKind.PHONE: PHONE}
_NOT_LATER = "Today or earlier, in the client's time zone."


class ExternalIdField(ServiceTextField):
    schema_keywords = {"not": {"enum": sorted(RESERVED)}}

    def __init__(self) -> None:
        super().__init__(EXTERNAL_ID, max_length=255)


class PersonalInput(StrictSerializer):
    """Fields that every person can have; the sealed ones are in the registry of fields."""

    sealed: ClassVar[Iterable[PersonalField]] = [field for field in PERSONAL_FIELDS if field.is_of_guardians]
    language = serializers.ChoiceField(LANGUAGES, required=False)

    def get_fields(self) -> dict[str, Any]:
        return {field.name: _input_field(field) for field in self.sealed} | super().get_fields()


class GuardianInput(PersonalInput):
    """A guardian named by the school: a person with an LMS id of their own."""

    external_id = ExternalIdField()
    relationship = serializers.ChoiceField(["parent", "guardian", "relative"])


_PROVIDER = "Use the provider's code: a–z, 0–9, “.”, “_” and “-”."


class AgeCheckInput(StrictSerializer):
    """An age check by a provider: over or under an age, with the check's reference; never a birth date or document."""

    result = serializers.ChoiceField(["over", "under"])
    age = serializers.IntegerField(min_value=1, max_value=120)
    checked_on = DayField()
    provider = PatternField(PROVIDER, allowed=_PROVIDER, max_length=63, trim_whitespace=False)
    reference = PatternField(
        r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        allowed="Use the provider's reference: A–Z, a–z, 0–9, “.”, “_” and “-”.",
        max_length=100,
        trim_whitespace=False,
    )


class SubjectInput(PersonalInput):
    """A person as the learning platform knows them. Omitted fields stay unchanged; null clears a field.

    ``role`` is the main role. ``roles`` lists all roles of the person, the main one included: a teacher who is also a
    parent has two. ``guardians`` lists all guardians of the person: claims of guardians it does not name end.
    """

    beyond_schema = {
        "roles": "Holds role.",
        "guardians": "Not the person.",
        "birth_date": _NOT_LATER,
        "country": "A code of ISO 3166.",
        "grade": f"At most {GRADE_LIMIT} characters in capitals.",
        "age_check": f"checked_on: {_NOT_LATER.lower()}",
    }
    sealed = PERSONAL_FIELDS
    role = serializers.ChoiceField(ROLES)
    roles = serializers.ListField(
        child=serializers.ChoiceField(ROLES), required=False, allow_empty=False, min_length=1, max_length=len(ROLES)
    )
    country = ServiceTextField(r"^[A-Za-z]{2}$", required=False, allow_null=True, max_length=2)
    grade = ServiceTextField(PERSON_NAME, required=False, allow_null=True, max_length=GRADE_LIMIT)
    guardians = serializers.ListField(child=GuardianInput(), required=False, max_length=10)

    def validate(self, attrs: dict[str, Any]) -> dict[str, object]:
        """Return the roles as the main one and the others; refuse a list without the main one."""
        if "roles" in attrs:
            roles = attrs.pop("roles")
            if attrs["role"] not in roles:
                raise serializers.ValidationError({"roles": [f"List role, {attrs['role']}, among the roles."]})
            attrs["other_roles"] = tuple(roles)
        return attrs

    def validate_age_check(self, found: dict[str, Any] | None) -> str | None:
        if found is None:
            return None
        common = (found[name] for name in ("result", "age", "checked_on", "provider", "reference"))
        return AgeCheck(*common).text


def _input_field(field: PersonalField) -> serializers.Field[Any, Any, Any, Any]:
    optional: dict[str, Any] = {"required": False, "allow_null": True}
    match field.kind:
        case FieldKind.DAY:
            return DayField(**optional)
        case FieldKind.AGE:
            return serializers.IntegerField(**optional, min_value=0, max_value=120)
        case FieldKind.AGE_CHECK:
            return AgeCheckInput(**optional)
        case FieldKind.EMAIL | FieldKind.PHONE | FieldKind.NAME:
            return ServiceTextField(_PATTERNS[field.kind], **optional, max_length=field.longest)
    return TextField(**optional, max_length=field.longest)


class RevealInput(StrictSerializer):
    """Request to reveal sealed fields, with its reason."""

    beyond_schema = {"reason": "Required with include=personal."}

    include = serializers.ChoiceField(["personal"], required=False)
    reason = serializers.ChoiceField(Reason.values, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, object]:
        if "include" in attrs and "reason" not in attrs:
            raise serializers.ValidationError({"reason": [f"Say why: one of {', '.join(Reason.values)}."]})
        return attrs


class SubjectOperations(Operation):
    capabilities = {"PUT": Capability.REGISTER_SUBJECTS, "GET": Capability.VIEW_SUBJECTS}

    @extend_schema(request=SubjectInput, responses={200: SubjectOutput, 201: SubjectOutput})
    def put(self, request: Request, external_id: str) -> Response:
        """Register or update one person: 201 if new, 200 otherwise."""
        given = validate_input(SubjectInput, request.data)
        guardians = given.pop("guardians", None)
        client = Client.objects.get(id=client_of(request))
        common: dict[str, Any] = {"client": client, "actor": actor_of(request), "at": moment_of(request)}
        subject, is_new = register_subject(external_id, details=given, **common)
        if guardians is not None:
            register_guardians(subject, guardians, **common)
        shown = _show(subject, client, request)
        return Response(shown, HTTPStatus.CREATED if is_new else HTTPStatus.OK)

    @extend_schema(parameters=[RevealInput], responses=SubjectOutput)
    def get(self, request: Request, external_id: str) -> Response:
        """Return one person: role, age gate and dates; sealed fields need the scope and a reason, and are recorded."""
        query = validate_input(RevealInput, request.query_params.dict())
        subject = get_subject(external_id, actor=actor_of(request))
        shown = _show(subject, subject.client, request)
        if "include" in query:
            actor = actor_of(request)
            require(actor, Capability.REVEAL_PERSONAL_DATA, subject.client_id)
            shown["personal"] = reveal_fields(subject, actor=actor, reason=query["reason"], at=moment_of(request))
        return Response(shown)


class BatchItemInput(SubjectInput):
    """One person of a batch."""

    external_id = ExternalIdField()


class BatchInput(StrictSerializer):
    """Up to 1,000 people, registered or updated together or not at all."""

    beyond_schema = {"subjects/*/external_id": "Each person once."}

    subjects = serializers.ListField(child=BatchItemInput(), allow_empty=False, min_length=1, max_length=1_000)

    def validate_subjects(self, people: list[dict[str, Any]]) -> list[dict[str, Any]]:
        first: dict[str, int] = {}
        doubled = {
            place: {"external_id": ["This person is in the batch twice."]}
            for place, person in enumerate(people)
            if first.setdefault(person["external_id"], place) != place
        }
        if doubled:
            raise serializers.ValidationError(doubled)  # type: ignore[arg-type]  # nested lists, which the stubs do not know
        return people


class BatchOperations(Operation):
    """``POST /api/v1/subjects/batch``; “batch” is a reserved LMS id, so GET and PUT are refused."""

    capabilities = {"POST": Capability.REGISTER_SUBJECTS}

    @extend_schema(request=BatchInput, responses=BatchOutput)
    def post(self, request: Request) -> Response:
        """Register or update up to 1,000 people: 200 with the id of each, in the order sent."""
        given = validate_input(BatchInput, request.data)["subjects"]
        client = Client.objects.get(id=client_of(request))
        try:
            done = register_subjects(given, client=client, actor=actor_of(request), at=moment_of(request))
        except BatchRefused as error:
            raise _to_batch_error(error) from error
        return Response(
            {"subjects": [{"external_id": one.external_id, "id": one.id, "created": is_new} for one, is_new in done]}
        )


class EventInput(StrictSerializer):
    """An account event and its time; the current time if omitted."""

    beyond_schema = {"happened_at": "Not in the future."}

    kind = serializers.ChoiceField(SubjectEventKind.values)
    happened_at = ZonedDateTimeField(required=False)


class RecordSubjectEvent(Operation):
    capabilities = {"POST": Capability.REGISTER_SUBJECTS}

    @extend_schema(request=EventInput, responses={201: SubjectEventOutput})
    def post(self, request: Request, external_id: str) -> Response:
        """Record an account event: 201 with the event."""
        given, now = validate_input(EventInput, request.data), moment_of(request)
        subject = get_subject(external_id, actor=actor_of(request))
        happened_at = given.get("happened_at", now)
        event = record_subject_event(
            subject, kind=given["kind"], happened_at=happened_at, actor=actor_of(request), at=now
        )
        shown = {"id": event.id, "kind": event.kind, "happened_at": event.happened_at, "recorded_at": event.recorded_at}
        return Response(shown, HTTPStatus.CREATED)


_GONE = {AlreadyErased: "This person was erased.", ErasureInProgress: "This person is being erased."}


def _to_batch_error(error: BatchRefused) -> Exception:
    """Return the error that names every refused person: 409 if one of them is or was erased, otherwise 400."""
    details = {
        place: reason.message_dict if isinstance(reason, ValidationError) else [_GONE[type(reason)]]
        for place, reason in error.reasons.items()
    }
    erased = [reason for reason in error.reasons.values() if isinstance(reason, AlreadyErased)]
    if any(not isinstance(reason, ErasureInProgress) for reason in erased):
        return PeopleErased({"subjects": details})
    if erased:
        return PeopleBeingErased({"subjects": details})
    return serializers.ValidationError({"subjects": details})  # type: ignore[dict-item]  # nested lists, which the stubs do not know


def _show(subject: Subject, client: Client, request: Request) -> dict[str, object]:
    waits = bool(with_waiting_age_change([subject]))
    return serialize_subject(subject, client, request, change_waits=waits, same_person=list_same_person(subject))


def serialize_subject(
    subject: Subject, client: Client, request: Request, *, change_waits: bool, same_person: Iterable[Subject]
) -> dict[str, object]:
    """Return a person without sealed fields; ``same_person`` are their other records."""
    age_gate = {**_age_gate(subject, client, request), "change_waits": change_waits}
    others = [one.external_id for one in same_person]
    return serialize_row(SubjectOutput, subject, age_gate=age_gate, same_person_as=others)


def _age_gate(subject: Subject, client: Client, request: Request) -> dict[str, object]:
    at = moment_of(request)
    of_age_at = subject.of_age_for(client.thresholds)
    state = "unknown" if of_age_at is None else "child" if of_age_at > at else "of_age"
    return {
        "state": state,
        "sources": [one.value for one in subject.age_sources],
        "threshold": client.thresholds.of(subject.country),
        "country": subject.country or client.country,
        "of_age_at": of_age_at.isoformat() if of_age_at and state == "child" else None,
        "guardian_decides": subject.is_child(at, thresholds=client.thresholds, serves_minors=client.serves_minors),
    }


class ListSubjectsInput(RevealInput, PageInput):
    """Filters, cursor and page size; and the request to reveal sealed fields, with its reason."""

    role = serializers.ChoiceField(ROLES, required=False)
    changed_since = ZonedDateTimeField(required=False)


class ListSubjects(Operation):
    capabilities = {"GET": Capability.VIEW_SUBJECTS}
    is_conditional = True

    @extend_schema(parameters=[ListSubjectsInput], responses=SubjectsOutput)
    def get(self, request: Request) -> Response:
        """List the client's people, the person whose row changed longest ago first; without the erased.

        Sealed fields need the scope and a reason; each person revealed is recorded.
        """
        query = validate_input(ListSubjectsInput, request.query_params.dict())
        if "include" in query:
            require(actor_of(request), Capability.REVEAL_PERSONAL_DATA, client_of(request))
        people, more = _list_page(query, request)
        personal: dict[UUID, dict[str, str | None]] = {}
        if "include" in query:
            by = {"actor": actor_of(request), "reason": query["reason"], "at": moment_of(request)}
            personal = reveal_many(people, fields=PERSONAL, client_id=client_of(request), **by)
        return paginated_response(
            request, {"subjects": _serialize_people(people, personal, request)}, {"cursor": more} if more else None
        )


def _list_page(query: dict[str, Any], request: Request) -> tuple[list[Subject], str | None]:
    of = f"subjects/{client_of(request)}/{query.get('role', '')}"
    after = None
    if "cursor" in query:
        moment, key = read_cursor(query["cursor"], of=of, name="cursor")
        after = datetime.fromisoformat(moment), UUID(key)
    narrowed: dict[str, Any] = {"role": query.get("role"), "changed_since": query.get("changed_since")}
    rows = list_by_change(actor_of(request), client_of(request), **narrowed, after=after, limit=query["limit"] + 1)
    page = rows[: query["limit"]]
    if len(rows) == len(page):
        return page, None
    return page, sign_cursor([page[-1].changed_at.isoformat(), str(page[-1].pk)], of=of)


def _serialize_people(
    people: list[Subject], personal: Mapping[UUID, dict[str, str | None]], request: Request
) -> list[dict[str, Any]]:
    client, waiting = Client.objects.get(id=client_of(request)), with_waiting_age_change(people)
    others = map_same_person(people)
    rows = [
        serialize_subject(one, client, request, change_waits=one.pk in waiting, same_person=others.get(one.pk, ()))
        for one in people
    ]
    for one, row in zip(people, rows, strict=True):
        if one.pk in personal:
            row["personal"] = personal[one.pk]
    return rows
