"""Response serializers for guardians, for the OpenAPI schema."""

from typing import Any

from rest_framework import serializers

from children.guardians.models.authorisations import Decision
from children.guardians.models.guardians import Relationship, Source
from children.guardians.models.mechanisms import MechanismKind
from children.strength import Method


class GuardianAnswerOutput(serializers.Serializer[Any]):
    """The latest answer of one guardian about the service."""

    id = serializers.UUIDField()
    decision = serializers.ChoiceField(Decision.values)
    shares = serializers.BooleanField(allow_null=True)
    recorded_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)


class GuardianOutput(serializers.Serializer[Any]):
    """One guardian of a child, by pseudonym, with their authority and latest answer."""

    id = serializers.UUIDField()
    guardian = serializers.CharField(allow_null=True)
    relationship = serializers.ChoiceField(Relationship.values)
    source = serializers.ChoiceField(Source.values)  # type: ignore[assignment]  # DRF's fields have a source too
    may_consent = serializers.BooleanField()
    may_receive_data = serializers.BooleanField()
    has_authority = serializers.BooleanField()
    verified_by = serializers.ListField(child=serializers.ChoiceField([method.value for method in Method]))
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    answer = GuardianAnswerOutput(allow_null=True)


class ServiceOutput(serializers.Serializer[Any]):
    """The combined result of all answers about the service."""

    state = serializers.ChoiceField(["unanswered", "given", "refused", "withdrawn", "lapsed"])
    shares = serializers.BooleanField()
    in_conflict = serializers.BooleanField()
    until = serializers.DateTimeField(allow_null=True)
    held_back = serializers.BooleanField()
    school_authorised = serializers.BooleanField(
        help_text="The school's own, weaker authorisation: by itself it permits nothing."
    )


class DeclaredOutput(serializers.Serializer[Any]):
    """A client's declaration of how it verifies ages or obtains guardians' consent."""

    kind = serializers.ChoiceField(MechanismKind.values)
    description = serializers.CharField()
    reference = serializers.CharField()


class GuardiansOutput(serializers.Serializer[Any]):
    """A person's guardians, their answers and the combined result."""

    subject = serializers.CharField()
    service = ServiceOutput()
    guardians = GuardianOutput(many=True)
    declared = DeclaredOutput(many=True)
    candidates = serializers.ListField(
        child=serializers.CharField(allow_null=True),
        help_text="Claimed as guardians by the roster; they have no authority.",
    )


class AuthorisationOutput(serializers.Serializer[Any]):
    """A recorded answer about the service."""

    id = serializers.UUIDField()
    decision = serializers.ChoiceField(Decision.values)
    shares = serializers.BooleanField(allow_null=True)
    recorded_at = serializers.DateTimeField()
    service = ServiceOutput()
    ask_about_data = serializers.BooleanField(
        help_text="True after a withdrawal: ask the guardian what should happen to the data (guardian-requests)."
    )
