"""API: the decisions about a person for every active purpose at once."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.decisions.api.decision_context import serialize_decision_context
from consent.decisions.selectors.decisions import decide_all_purposes
from consent.notices.serializers import StandingOutput
from paktaleem.directory.people.details import ROLES
from paktaleem.directory.people.selectors import get_subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.api.operations import Operation, actor_of, client_of, moment_of, validate_input
from paktaleem.foundation.api.serializers import StrictSerializer, ZonedDateTimeField


class StandingInput(StrictSerializer):
    """Input: a past time, default now; and the role in which the person acts, default the strictest of theirs."""

    beyond_schema = {"time": "Not in the future."}

    time = ZonedDateTimeField(required=False)
    role = serializers.ChoiceField(ROLES, required=False)


class SubjectStanding(Operation):
    """``GET /api/v1/subjects/{external_id}/standing``."""

    capabilities = {"GET": Capability.REQUEST_DECISIONS}

    @extend_schema(parameters=[StandingInput], responses=StandingOutput)
    def get(self, request: Request, external_id: str) -> Response:
        """Decide for each active purpose whether its data may be processed, with the reason."""
        query, now = validate_input(StandingInput, request.query_params.dict()), moment_of(request)
        at = query.get("time", now)
        if at > now:
            raise serializers.ValidationError({"time": ["Ask about now or the past."]})
        get_subject(external_id, actor=actor_of(request))
        asked = {"role": query.get("role"), "at": at, "now": now}
        answers = decide_all_purposes(actor_of(request), client_of(request), external_id, **asked)
        return Response(
            {
                "subject": external_id,
                "time": at.isoformat(),
                "purposes": {
                    code: {"decision": one.allowed, **serialize_decision_context(one)} for code, one in answers.items()
                },
            }
        )
