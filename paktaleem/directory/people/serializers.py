"""Response serializers about people, for the API description."""

from rest_framework import serializers

from paktaleem.directory.people.ages import AgeSource


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
    enabled = serializers.BooleanField(help_text="True if the account is open.")
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
