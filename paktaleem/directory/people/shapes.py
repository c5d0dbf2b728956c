"""Shapes of answers about people, for the API's description."""

from typing import Any

from rest_framework import serializers

from paktaleem.directory.people.ages import AgeSource

__all__ = ["BatchOutput", "SubjectEventOutput", "SubjectOutput"]


class AgeGateOutput(serializers.Serializer[Any]):
    """On which side of the client's threshold a person stands."""

    state = serializers.ChoiceField(["unknown", "child", "of_age"])
    sources = serializers.ListField(
        child=serializers.ChoiceField([one.value for one in AgeSource]),
        help_text="Who says how old they are, the strongest first. Unknown with sources: they contradict one another.",
    )
    threshold = serializers.IntegerField(help_text="The client's, for the country where they live.")
    country = serializers.CharField(help_text="Where they live; the institution's country where nothing else is known.")
    of_age_at = serializers.DateTimeField(allow_null=True)
    guardian_decides = serializers.BooleanField()
    change_waits = serializers.BooleanField(
        help_text="A birth date, age or role that was sent would let a child decide: it waits for the client's staff."
    )


class SubjectOutput(serializers.Serializer[Any]):
    """One person; ``personal`` only if asked for, with the scope and a reason."""

    external_id = serializers.CharField()
    id = serializers.UUIDField()
    role = serializers.CharField()
    language = serializers.CharField()
    enabled = serializers.BooleanField()
    age_gate = AgeGateOutput()
    registered_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField()
    personal = serializers.DictField(child=serializers.CharField(allow_null=True), required=False)


class BatchedOutput(serializers.Serializer[Any]):
    """One person of a batch."""

    external_id = serializers.CharField()
    id = serializers.UUIDField()
    created = serializers.BooleanField()


class BatchOutput(serializers.Serializer[Any]):
    """The people of a batch, in their order."""

    subjects = BatchedOutput(many=True)


class SubjectEventOutput(serializers.Serializer[Any]):
    """What happened to an account."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    happened_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
