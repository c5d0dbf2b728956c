"""API: acknowledgements of the privacy policy."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.consents.api.consents import HAS_TOKEN, MAX_TOKEN_LENGTH, METHODS
from consent.consents.models.consents import Method
from consent.consents.services.acknowledgements import acknowledge_policy
from consent.consents.services.consent_basis import METHODS_WITHOUT_TOKEN
from paktaleem.directory.people.details import LANGUAGES
from paktaleem.directory.people.selectors import get_subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.api.operations import Operation, actor_of, moment_of, validate_input
from paktaleem.foundation.api.serializers import SignedTextField, StrictSerializer, TextField, ZonedDateTimeField


class AcknowledgeInput(StrictSerializer):
    """Input: who acknowledges the policy, and the token (on paper or by telephone: the version)."""

    schema_rules = {
        "anyOf": [
            HAS_TOKEN,
            {
                "required": ["method"],
                "properties": {"method": {"enum": sorted(one.value for one in METHODS_WITHOUT_TOKEN)}},
            },
        ]
    }
    beyond_schema = {
        "shown": "A token that came with the privacy policy, unchanged.",
        "claimed_at": "Not in the future.",
    }

    subject = TextField(max_length=255)
    shown = SignedTextField(required=False, allow_null=True, max_length=MAX_TOKEN_LENGTH)
    notice_version = serializers.UUIDField(required=False, allow_null=True)
    language = serializers.ChoiceField(LANGUAGES, required=False)
    method = serializers.ChoiceField(METHODS, default=Method.LMS.value)
    claimed_at = ZonedDateTimeField(required=False, allow_null=True)


class AcknowledgementOutput(serializers.Serializer[Any]):
    """Output: one acknowledgement of one version of the policy."""

    id = serializers.UUIDField()
    version = serializers.UUIDField()
    language = serializers.CharField()
    recorded_at = serializers.DateTimeField()


class AcknowledgePolicy(Operation):
    """``POST /api/v1/acknowledgements``."""

    capabilities = {"POST": Capability.RECORD_CONSENTS}

    @extend_schema(request=AcknowledgeInput, responses=AcknowledgementOutput)
    def post(self, request: Request) -> Response:
        """Record that a person has seen the privacy policy, which is not a consent: 200. Idempotent per version."""
        given = validate_input(AcknowledgeInput, request.data)
        acknowledgement = acknowledge_policy(
            get_subject(given["subject"], actor=actor_of(request)),
            shown=given.get("shown"),
            notice_version=given.get("notice_version"),
            language=given.get("language"),
            method=Method(given["method"]),
            claimed_at=given.get("claimed_at"),
            actor=actor_of(request),
            at=moment_of(request),
        )
        return Response(
            {
                "id": str(acknowledgement.pk),
                "version": str(acknowledgement.version_id),
                "language": acknowledgement.language,
                "recorded_at": acknowledgement.recorded_at.isoformat(),
            }
        )
