"""Output serializers for purposes, notices, consents and standing, for the OpenAPI schema."""

from typing import Any

from rest_framework import serializers


class BothLanguages(serializers.Serializer[Any]):
    """A text in English and Urdu."""

    en = serializers.CharField(allow_blank=True)
    ur = serializers.CharField(allow_blank=True)


class PurposeOutput(serializers.Serializer[Any]):
    """One purpose, with the lawful basis and PakTaleem's capacity for each role."""

    code = serializers.CharField()
    name = BothLanguages()
    description = BothLanguages()
    categories = serializers.ListField(child=serializers.CharField())
    active = serializers.BooleanField()
    needs_account = serializers.BooleanField(help_text="True if the purpose only serves people with an open account.")
    lawful_basis = serializers.DictField(child=serializers.DictField(child=serializers.CharField()))


class PurposesOutput(serializers.Serializer[Any]):
    """Purposes by code, and the URL of the next page."""

    purposes = PurposeOutput(many=True)
    next = serializers.CharField(allow_null=True)


class NoticeOutput(serializers.Serializer[Any]):
    """The notice in effect about a purpose."""

    version = serializers.UUIDField()
    number = serializers.IntegerField()
    language = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()
    child_text = serializers.CharField(allow_null=True)
    hash = serializers.CharField()
    purposes = serializers.ListField(child=serializers.CharField())
    effective_at = serializers.DateTimeField()
    shown = serializers.CharField()


class ConsentEventOutput(serializers.Serializer[Any]):
    """One recorded answer."""

    id = serializers.UUIDField()
    purpose = serializers.CharField()
    state = serializers.CharField()
    recorded_at = serializers.DateTimeField()


class ConsentEventsOutput(serializers.Serializer[Any]):
    """Answers recorded together."""

    events = ConsentEventOutput(many=True)


class PastAnswerOutput(ConsentEventOutput):
    """One answer with its circumstances."""

    by = serializers.CharField()
    method = serializers.CharField()
    language = serializers.CharField()
    notice_version = serializers.UUIDField(allow_null=True)
    shown_at = serializers.DateTimeField(allow_null=True)
    claimed_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    renewal = serializers.BooleanField()
    reason = serializers.CharField(allow_null=True)
    without_effect = serializers.BooleanField(help_text="A child gave it itself: no decision rests on it.")


class ConsentStateOutput(serializers.Serializer[Any]):
    """The current state of consent to one purpose."""

    purpose = serializers.CharField()
    state = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    renewal_due = serializers.BooleanField()
    asked_at = serializers.DateTimeField(allow_null=True)
    by = serializers.CharField()
    event = serializers.UUIDField()
    without_effect = serializers.BooleanField(help_text="A child gave it itself: no decision rests on it.")


class SubjectConsentsOutput(serializers.Serializer[Any]):
    """A person's consents: the state per purpose, the history, and the URL of earlier events."""

    subject = serializers.CharField()
    consents = ConsentStateOutput(many=True)
    history = PastAnswerOutput(many=True)
    next = serializers.CharField(allow_null=True)


class StandingOutput(serializers.Serializer[Any]):
    """The decision for every active purpose, by code."""

    subject = serializers.CharField()
    time = serializers.DateTimeField()
    purposes = serializers.DictField(child=serializers.DictField())
