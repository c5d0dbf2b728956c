"""Shapes of answers about guardians, for the API's description."""

from typing import Any

from rest_framework import serializers

from children.guardians.models import Decision, MechanismKind, Relationship, Source
from children.guardians.strength import Method

__all__ = ["AuthorisationOutput", "GuardianOutput", "GuardiansOutput"]


class GuardianAnswerOutput(serializers.Serializer[Any]):
    """The latest answer of one guardian about the service."""

    id = serializers.UUIDField()
    decision = serializers.ChoiceField(Decision.values)
    shares = serializers.BooleanField(allow_null=True)
    recorded_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)


class GuardianOutput(serializers.Serializer[Any]):
    """One guardian of a child, by pseudonym: whether a yes of theirs counts now, and what they last said."""

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
    """What all the guardians' answers about the service come to."""

    state = serializers.ChoiceField(["unanswered", "given", "refused", "withdrawn", "lapsed"])
    shares = serializers.BooleanField()
    in_conflict = serializers.BooleanField()
    until = serializers.DateTimeField(allow_null=True)
    held_back = serializers.BooleanField()
    school_authorised = serializers.BooleanField(help_text="The school's own, weaker word: it opens nothing by itself.")


class DeclaredOutput(serializers.Serializer[Any]):
    """How the client declares that it verifies ages, or obtains guardians' consent."""

    kind = serializers.ChoiceField(MechanismKind.values)
    description = serializers.CharField()
    reference = serializers.CharField()


class GuardiansOutput(serializers.Serializer[Any]):
    """Who decides for a person, and what they decided."""

    subject = serializers.CharField()
    service = ServiceOutput()
    guardians = GuardianOutput(many=True)
    declared = DeclaredOutput(many=True)
    candidates = serializers.ListField(
        child=serializers.CharField(allow_null=True), help_text="Claimed by the roster: no authority."
    )


class AuthorisationOutput(serializers.Serializer[Any]):
    """One answer about the service, recorded."""

    id = serializers.UUIDField()
    decision = serializers.ChoiceField(Decision.values)
    shares = serializers.BooleanField(allow_null=True)
    recorded_at = serializers.DateTimeField()
    service = ServiceOutput()
    ask_about_data = serializers.BooleanField(
        help_text="After a withdrawal: ask the guardian what shall happen to the data (guardian-requests)."
    )
