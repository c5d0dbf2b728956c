"""API operations on guardians."""

from collections import defaultdict
from http import HTTPStatus
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from children.guardians.authority import PROVIDER_METHODS, STAFF_METHODS, ChildFacts, Method
from children.guardians.models import (
    CheckState,
    ChildMechanism,
    Decision,
    Guardianship,
    MechanismKind,
    ProviderCheck,
    Relationship,
    Route,
    SchoolAuthorisation,
    Source,
    Verification,
)
from children.guardians.selectors import (
    find_check_url,
    get_live_guardianship,
    list_candidates,
    list_guardians,
    load_child_facts,
    require_no_adult,
)
from children.guardians.services.answers import record_service_answer
from children.guardians.services.checks import CheckUnknown, request_check
from children.guardians.services.guardians import name_guardian
from children.guardians.services.verifications import verify_guardian
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import get_subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sign_in_rules import get_public_url
from paktaleem.foundation.web.api.operations import Operation, actor_of, by_caller, client_of, moment_of, validate_input
from paktaleem.foundation.web.api.serializers import (
    PROVIDER,
    PatternField,
    StrictSerializer,
    TextField,
    TruthField,
    ZonedDateTimeField,
    serialize_row,
)


class GuardianAnswerOutput(serializers.Serializer[object]):
    """The latest answer of one guardian about the service."""

    id = serializers.UUIDField()
    decision = serializers.ChoiceField(Decision.values)
    shares = serializers.BooleanField(allow_null=True)
    recorded_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)


class GuardianOutput(serializers.Serializer[object]):
    """One guardian of a child, by pseudonym, with their authority and latest answer."""

    id = serializers.UUIDField()
    guardian = serializers.CharField(allow_null=True, source="guardian.external_id")
    relationship = serializers.ChoiceField(Relationship.values)
    source = serializers.ChoiceField(Source.values)  # type: ignore[assignment]  # DRF's fields have a source too
    may_consent = serializers.BooleanField()
    may_receive_data = serializers.BooleanField()
    has_authority = serializers.BooleanField()
    verified_by = serializers.ListField(child=serializers.ChoiceField([method.value for method in Method]))
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    answer = GuardianAnswerOutput(allow_null=True)


class ServiceOutput(serializers.Serializer[object]):
    """The combined result of all answers about the service."""

    state = serializers.ChoiceField(["unanswered", "given", "refused", "withdrawn", "lapsed"])
    shares = serializers.BooleanField()
    in_conflict = serializers.BooleanField()
    until = serializers.DateTimeField(allow_null=True)
    held_back = serializers.BooleanField()
    school_authorised = serializers.BooleanField(
        help_text="The school's own, weaker authorisation: by itself it permits nothing."
    )


class DeclaredOutput(serializers.Serializer[object]):
    """A client's declaration of how it verifies ages or obtains guardians' consent."""

    kind = serializers.ChoiceField(MechanismKind.values)
    description = serializers.CharField()
    reference = serializers.CharField()


class GuardiansOutput(serializers.Serializer[object]):
    """A person's guardians, their answers and the combined result."""

    subject = serializers.CharField()
    service = ServiceOutput()
    guardians = GuardianOutput(many=True)
    declared = DeclaredOutput(many=True)
    candidates = serializers.ListField(
        child=serializers.CharField(allow_null=True),
        help_text="Claimed as guardians by the roster; they have no authority.",
    )


class AuthorisationOutput(serializers.Serializer[object]):
    """A recorded answer about the service."""

    id = serializers.UUIDField()
    decision = serializers.ChoiceField(Decision.values)
    shares = serializers.BooleanField(allow_null=True)
    recorded_at = serializers.DateTimeField()
    service = ServiceOutput()
    ask_about_data = serializers.BooleanField(
        help_text="True after a withdrawal: ask the guardian what should happen to the data (guardian-requests)."
    )


NO_CARD_NUMBER = "Without the number of an identity or payment card."


class NamedInput(StrictSerializer):
    """A registered person whom the school names as a guardian."""

    guardian = TextField(max_length=255)
    relationship = serializers.ChoiceField(Relationship.values)
    may_consent = TruthField()
    may_receive_data = TruthField()


class AuthorisationInput(StrictSerializer):
    """A guardian's answer about the service, of which the school has evidence; or the child's own refusal.

    ``verification`` is the method by which the school verified the guardian, on the same evidence.
    """

    schema_rules = {
        "anyOf": [
            {"required": ["evidence"], "properties": {"evidence": {"type": "string"}}},
            {"properties": {"decision": {"enum": ["refused", "withdrawn"]}}, "not": {"required": ["verification"]}},
        ]
    }
    beyond_schema = {
        "evidence": f"{NO_CARD_NUMBER} For a consent, at least three words.",
        "claimed_at": "Not in the future. Of a consent: not before its notice, or before the birth of the child.",
    }

    guardian = TextField(required=False, allow_null=True, max_length=255)
    decision = serializers.ChoiceField(Decision.values)
    shares = TruthField(required=False, allow_null=True, default=None)
    route = serializers.ChoiceField([one.value for one in Route if one != Route.PORTAL], default=Route.SCHOOL.value)
    verification = serializers.ChoiceField(sorted(one.value for one in STAFF_METHODS), required=False)
    evidence = TextField(required=False, allow_null=True, max_length=2_000)
    claimed_at = ZonedDateTimeField(required=False, allow_null=True)


class Guardians(Operation):
    capabilities = {"GET": Capability.VIEW_GUARDIANS, "POST": Capability.MANAGE_GUARDIANS}

    @extend_schema(responses=GuardiansOutput)
    def get(self, request: Request, external_id: str) -> Response:
        """Return a child's guardians and their answers, by pseudonyms; 409 for a person of full age."""
        child = _person(external_id, request)
        require_no_adult(child, at=moment_of(request))
        return Response(_serialize_guardians(child, request))

    @extend_schema(request=NamedInput, responses={201: GuardiansOutput})
    def post(self, request: Request, external_id: str) -> Response:
        """Name a guardian: 201. They have no authority before they are verified."""
        given = validate_input(NamedInput, request.data)
        child, guardian = _person(external_id, request), _person(given.pop("guardian"), request)
        name_guardian(child, guardian=guardian, **given, actor=actor_of(request), at=moment_of(request))
        return Response(_serialize_guardians(child, request), HTTPStatus.CREATED)


class GuardianAuthorisations(Operation):
    capabilities = {"POST": Capability.MANAGE_GUARDIANS}

    @extend_schema(request=AuthorisationInput, responses={201: AuthorisationOutput})
    @transaction.atomic
    def post(self, request: Request, external_id: str) -> Response:
        """Record a guardian's answer about the service, with the school's evidence: 201 with the combined result."""
        given = validate_input(AuthorisationInput, request.data)
        child, named = _person(external_id, request), given.pop("guardian", None)
        guardian = None if named is None else _person(named, request)
        context = by_caller(request)
        evidence, method = given.pop("evidence", None) or "", given.pop("verification", None)
        if method is not None and guardian is not None:
            row = get_live_guardianship(child, guardian, at=context["at"])
            verify_guardian(row, method=method, evidence=evidence, **context)
        answer = record_service_answer(child, guardian=guardian, evidence=evidence, **given, **context)
        service = _serialize_service(child, load_child_facts(child), request)
        asks = answer.decision == Decision.WITHDRAWN and answer.guardian_id is not None
        shown = serialize_row(AuthorisationOutput, answer, service=service, ask_about_data=asks)
        return Response(shown, HTTPStatus.CREATED)


def _person(external_id: str, request: Request) -> Subject:
    return get_subject(external_id, actor=actor_of(request))


def _serialize_guardians(child: Subject, request: Request) -> dict[str, object]:
    actor, at, facts = actor_of(request), moment_of(request), load_child_facts(child)
    rows = list(list_guardians(child, actor=actor)[:50])
    methods: defaultdict[UUID, list[str]] = defaultdict(list)
    live = Verification.objects.filter(guardianship__in=[row.pk for row in rows], ended_at=None).order_by("id")
    for key, method in live.values_list("guardianship_id", "method"):
        methods[key].append(method)
    return {
        "subject": child.external_id,
        "service": _serialize_service(child, facts, request),
        "guardians": [_serialize_guardian(row, facts, methods[row.pk], request) for row in rows],
        "declared": [
            serialize_row(DeclaredOutput, one)
            for one in ChildMechanism.objects.filter(client_id=child.client_id, ends_at=None).order_by("kind")
        ],
        "candidates": [one.guardian.external_id for one in list_candidates(child, actor=actor, at=at)[:50]],
    }


def _serialize_service(child: Subject, facts: ChildFacts, request: Request) -> dict[str, object]:
    standing = facts.standing(moment_of(request))
    by_school = SchoolAuthorisation.objects.filter(client_id=child.client_id, child=child, ends_at=None)
    return {
        "state": standing.state or "unanswered",
        "shares": standing.may_share,
        "in_conflict": standing.in_conflict,
        "until": standing.until.isoformat() if standing.until else None,
        "held_back": facts.quarantined,
        "school_authorised": by_school.exists(),
    }


def _serialize_guardian(
    row: Guardianship, facts: ChildFacts, methods: list[str], request: Request
) -> dict[str, object]:
    known = facts.find_guardian(row.pk)
    answer = known.answer if known else None
    return serialize_row(
        GuardianOutput,
        row,
        may_consent=row.may_consent and not row.court_order,
        has_authority=known is not None and known.has_authority(moment_of(request)),
        verified_by=methods,
        answer=serialize_row(GuardianAnswerOutput, answer) if answer else None,
    )


class CheckInput(StrictSerializer):
    """Request of a check: the guardian, the provider and the method."""

    guardian = TextField(max_length=255)
    provider = PatternField(
        PROVIDER, allowed="Use the provider's code: a–z, 0–9, “.”, “_” and “-”.", max_length=63, trim_whitespace=False
    )
    method = serializers.ChoiceField(sorted(one.value for one in PROVIDER_METHODS))


class CheckOutput(serializers.Serializer[object]):
    """A provider's check of a guardian. A passed check becomes a verification.

    ``url`` is the address for the guardian while the check is started; only keys with ``guardians:write`` receive it.
    """

    id = serializers.UUIDField()
    subject = serializers.CharField(allow_null=True, source="guardianship.child.external_id")
    guardian = serializers.CharField(allow_null=True, source="guardianship.guardian.external_id")
    provider = serializers.CharField()
    method = serializers.ChoiceField(sorted(one.value for one in PROVIDER_METHODS))
    state = serializers.ChoiceField(CheckState.values)
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField(allow_null=True)


class GuardianChecks(Operation):
    capabilities = {"POST": Capability.MANAGE_GUARDIANS}

    @extend_schema(request=CheckInput, responses={201: CheckOutput})
    def post(self, request: Request, external_id: str) -> Response:
        """Request a provider's check of a guardian: 201. The provider does not learn who the child or guardian is.

        The provider is called after this response. Poll the check until it is ``started``: ``url`` is then the address
        for the guardian, if there is one.
        """
        given, at = validate_input(CheckInput, request.data), moment_of(request)
        child, guardian = _person(external_id, request), _person(given.pop("guardian"), request)
        row = get_live_guardianship(child, guardian, at=at)
        code = Client.objects.values_list("code", flat=True).get(pk=client_of(request))
        page = reverse("guardian-check-answer", args=[code, given["provider"]])
        answer_to = get_public_url(request._request).rstrip("/") + page
        check = request_check(row, **given, answer_to=answer_to, actor=actor_of(request), at=at)
        return Response(serialize_row(CheckOutput, check, url=None), HTTPStatus.CREATED)


class ShowCheck(Operation):
    capabilities = {"GET": Capability.VIEW_CHILD_RECORDS}

    @extend_schema(responses=CheckOutput)
    def get(self, request: Request, check: UUID) -> Response:
        """Return a check with its state and result."""
        actor = actor_of(request)
        checks = ProviderCheck.objects.select_related("guardianship__child", "guardianship__guardian")
        row = checks.filter(pk=check, client_id=client_of(request)).first()
        if row is None:
            raise CheckUnknown
        url = find_check_url(row) if actor.may(Capability.MANAGE_GUARDIANS) else None
        return Response(serialize_row(CheckOutput, row, url=url))
