"""API operations on invitations of guardians."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from children.invitations.models import ContactProblem, Invitation, State
from children.invitations.services.inviting import ContactRefused, invite_guardian, register_and_invite
from paktaleem.directory.mail.models import Channel
from paktaleem.directory.people.details import LANGUAGES
from paktaleem.directory.people.selectors import get_subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sign_in_rules import get_public_url
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.web.api.operations import Operation, actor_of, client_of, moment_of, validate_input
from paktaleem.foundation.web.api.problems import INVALID, FieldProblem
from paktaleem.foundation.web.api.serializers import (
    EMAIL,
    PERSON_NAME,
    PHONE,
    ServiceTextField,
    StrictSerializer,
    TextField,
    serialize_row,
)


class InvitationUnknown(PortalError, LookupError):
    """The client has no such invitation."""

    problem = Problem("invitation-unknown", "There is no such invitation", status=HTTPStatus.NOT_FOUND)


class ContactUnusable(FieldProblem):
    """The guardian's contact cannot be used."""

    problem = Problem(
        "contact-refused",
        "The guardian's contact cannot be used",
        "It may be the child's own, or shared by many people. Obtain the decision on paper or in person.",
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
    )


class GuardianInvalid(FieldProblem):
    """The details of the guardian are not valid."""

    problem = INVALID


class InvitedInput(StrictSerializer):
    """The guardian to ask: a registered person by ``external_id`` alone, or a new person with a name and a contact."""

    schema_rules = {
        "anyOf": [
            {"required": ["external_id"], "maxProperties": 1},
            {
                "required": ["full_name", "relationship", "email"],
                "properties": {"email": {"type": "string"}},
                "not": {"required": ["external_id"]},
            },
            {
                "required": ["full_name", "relationship", "phone"],
                "properties": {"phone": {"type": "string"}},
                "not": {"required": ["external_id"]},
            },
        ]
    }

    external_id = TextField(required=False, max_length=255)
    full_name = ServiceTextField(PERSON_NAME, required=False, max_length=300)
    email = ServiceTextField(EMAIL, required=False, allow_null=True, max_length=254)
    phone = ServiceTextField(PHONE, required=False, allow_null=True, max_length=40)
    relationship = serializers.ChoiceField(["parent", "guardian", "relative"], required=False)
    language = serializers.ChoiceField(LANGUAGES, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, object]:
        """Require either ``external_id`` alone, or a name, a relationship and a contact."""
        if "external_id" in attrs:
            extra = {name: ["Must be omitted when external_id is given."] for name in attrs if name != "external_id"}
            if extra:
                raise serializers.ValidationError(extra)
            return attrs
        missing = {
            name: ["Required without external_id."] for name in ("full_name", "relationship") if not attrs.get(name)
        }
        if not (attrs.get("email") or attrs.get("phone")):
            missing["email"] = ["An email or a phone of the guardian is required."]
        if missing:
            raise serializers.ValidationError(missing)
        return attrs


class InvitationInput(StrictSerializer):
    """The child, and the guardian to ask."""

    subject = TextField(max_length=255)
    guardian = InvitedInput()


class InvitationOutput(serializers.Serializer[object]):
    """An invitation: ``channel`` is how the guardian is asked; after ``closes_at`` their contact is deleted."""

    id = serializers.UUIDField()
    subject = serializers.CharField(allow_null=True, source="child.external_id")
    guardian = serializers.CharField(allow_null=True, source="guardian.external_id")
    state = serializers.ChoiceField(State.values)
    channel = serializers.ChoiceField(Channel.values)
    reminders = serializers.IntegerField()
    asked_at = serializers.DateTimeField()
    viewed_at = serializers.DateTimeField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField()


class InviteGuardian(Operation):
    capabilities = {"POST": Capability.MANAGE_GUARDIANS}

    @extend_schema(request=InvitationInput, responses={201: InvitationOutput})
    def post(self, request: Request) -> Response:
        """Invite a guardian to decide about a child, by email or text message: 201. Idempotent while one is open."""
        given = validate_input(InvitationInput, request.data)
        actor = actor_of(request)
        child = get_subject(given["subject"], actor=actor)
        context: dict[str, Any] = {"portal": get_public_url(request._request), "actor": actor, "at": moment_of(request)}
        named = dict(given["guardian"])
        try:
            if "external_id" in named:
                guardian = get_subject(named["external_id"], actor=actor)
                row = invite_guardian(child, guardian=guardian, **context)
            else:
                relationship = named.pop("relationship")
                row = register_and_invite(child, details=named, relationship=relationship, **context)
        except ContactRefused as refused:
            member = next(name for name in ("external_id", "email", "phone") if given["guardian"].get(name))
            raise ContactUnusable({"guardian": {member: [str(ContactProblem(refused.why.value).label)]}}) from refused
        except ValidationError as error:
            raise GuardianInvalid({"guardian": error.message_dict}) from error
        return Response(serialize_row(InvitationOutput, row), HTTPStatus.CREATED)


class ShowInvitation(Operation):
    capabilities = {"GET": Capability.VIEW_CHILD_RECORDS}

    @extend_schema(responses=InvitationOutput)
    def get(self, request: Request, invitation: UUID) -> Response:
        """Return an invitation with its state."""
        rows = Invitation.objects.select_related("child", "guardian")
        row = rows.filter(pk=invitation, client_id=client_of(request)).first()
        if row is None:
            raise InvitationUnknown
        return Response(serialize_row(InvitationOutput, row))
