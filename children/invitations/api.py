"""Asking guardians, for the learning platform."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from children.contacts import Unusable
from children.invitations.models import ContactProblem, Invitation, InvitationState
from children.invitations.selectors import invitations
from children.invitations.services import (
    AlreadyDecided,
    ContactRefused,
    NoGuardian,
    NotAChild,
    TooManyInvitations,
    invite_guardian,
    register_and_invite,
)
from paktaleem.accounts.addresses import public_address
from paktaleem.accounts.roles import Capability
from paktaleem.api.operations import Operation, actor_of, client_of, moment_of, validated
from paktaleem.api.problems import INVALID, PointedProblem, Problem, declare_problems
from paktaleem.api.serializers import StrictSerializer, TextField
from paktaleem.mail.models import Channel
from paktaleem.subjects.details import LANGUAGES
from paktaleem.subjects.selectors import get_subject

__all__ = ["InviteGuardian", "ShowInvitation"]


class InvitationUnknown(LookupError):
    """No such invitation of this client."""


class ContactUnusable(PointedProblem):
    """The guardian's contact cannot be used."""

    problem = Problem(
        "contact-refused",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The guardian cannot be asked by this contact",
        "It could be the child's own, or many people's. The school takes the decision on paper or in person.",
    )


class GuardianInvalid(PointedProblem):
    """The details of the guardian are not valid."""

    problem = INVALID


declare_problems(
    {
        NotAChild: Problem("not-a-child", HTTPStatus.CONFLICT, "This person decides for themselves"),
        NoGuardian: Problem(
            "no-guardian",
            HTTPStatus.CONFLICT,
            "This person is no guardian of the child",
            "They are not named as one, no longer are, or may not decide.",
        ),
        AlreadyDecided: Problem("already-decided", HTTPStatus.CONFLICT, "This guardian has said yes already"),
        TooManyInvitations: Problem(
            "too-many-invitations",
            HTTPStatus.TOO_MANY_REQUESTS,
            "This guardian was asked too often",
            "At most ten requests an hour to one contact. Try again later.",
        ),
        InvitationUnknown: Problem("invitation-unknown", HTTPStatus.NOT_FOUND, "There is no such invitation"),
    }
)


class InvitedInput(StrictSerializer):
    """Whom to ask: somebody known, by ``external_id`` alone, or a person named now with a contact."""

    external_id = TextField(required=False, max_length=255)
    full_name = TextField(required=False, max_length=300)
    email = TextField(required=False, allow_null=True, max_length=254)
    phone = TextField(required=False, allow_null=True, max_length=40)
    relationship = serializers.ChoiceField(["parent", "guardian", "relative"], required=False)
    language = serializers.ChoiceField(LANGUAGES, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Name somebody known by the id alone, or somebody new with a name, a relation and a contact."""
        if "external_id" in attrs:
            extra = {name: ["Leave this out with external_id."] for name in attrs if name != "external_id"}
            if extra:
                raise serializers.ValidationError(extra)
            return attrs
        missing = {name: ["Name a guardian."] for name in ("full_name", "relationship") if not attrs.get(name)}
        if not (attrs.get("email") or attrs.get("phone")):
            missing["email"] = ["Give an email or a phone by which the guardian is asked."]
        if missing:
            raise serializers.ValidationError(missing)
        return attrs


class InvitationInput(StrictSerializer):
    """Which child, and whom to ask."""

    subject = TextField(max_length=255)
    guardian = InvitedInput()


class InvitationOutput(serializers.Serializer[Any]):
    """One invitation: ``channel`` is how the guardian is asked; after ``closes_at`` their contact is forgotten."""

    id = serializers.UUIDField()
    subject = serializers.CharField(allow_null=True)
    guardian = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(InvitationState.values)
    channel = serializers.ChoiceField(Channel.values)
    reminders = serializers.IntegerField()
    asked_at = serializers.DateTimeField()
    viewed_at = serializers.DateTimeField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField()


class InviteGuardian(Operation):
    """``POST /api/v1/guardian-invitations``."""

    capabilities = {"POST": Capability.INVITE_GUARDIANS}

    @extend_schema(request=InvitationInput, responses={201: InvitationOutput})
    def post(self, request: Request) -> Response:
        """Ask a guardian about a child, by mail or text message: 201. Asked already, the same invitation comes back."""
        given = validated(InvitationInput, request.data)
        actor = actor_of(request)
        child = get_subject(given["subject"], actor=actor)
        told: dict[str, Any] = {
            "portal": public_address(request._request),
            "actor": actor,
            "at": moment_of(request),
        }
        named = dict(given["guardian"])
        try:
            if "external_id" in named:
                guardian = get_subject(named["external_id"], actor=actor)
                row = invite_guardian(child, guardian=guardian, **told)
            else:
                relationship = named.pop("relationship")
                row = register_and_invite(child, details=named, relationship=relationship, **told)
        except ContactRefused as refused:
            raise _contact_unusable(refused.why, given["guardian"]) from refused
        except ValidationError as error:
            raise GuardianInvalid({"guardian": error.message_dict}) from error
        return Response(_shown(row), HTTPStatus.CREATED)


def _contact_unusable(why: Unusable, guardian: dict[str, Any]) -> ContactUnusable:
    """Point at the member by which the guardian was named: an id, or the contact that is tried first."""
    member = next(name for name in ("external_id", "email", "phone") if guardian.get(name))
    return ContactUnusable({"guardian": {member: [str(ContactProblem(why.value).label)]}})


class ShowInvitation(Operation):
    """``GET /api/v1/guardian-invitations/{id}``."""

    capabilities = {"GET": Capability.VIEW_GUARDIANS}

    @extend_schema(responses=InvitationOutput)
    def get(self, request: Request, invitation: UUID) -> Response:
        """Show what became of an invitation."""
        row = invitations(actor_of(request)).filter(pk=invitation, client_id=client_of(request)).first()
        if row is None:
            raise InvitationUnknown
        return Response(_shown(row))


def _shown(row: Invitation) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "subject": row.child.external_id,
        "guardian": row.guardian.external_id,
        "state": row.state,
        "channel": str(row.channel),
        "reminders": row.reminders,
        **{
            name: moment.isoformat() if (moment := getattr(row, name)) else None
            for name in ("asked_at", "viewed_at", "answered_at", "closes_at")
        },
    }
