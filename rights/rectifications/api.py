"""API operation: state what is wrong in a person's data, for a request that asks for rectification."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.web.api.operations import Operation, actor_of, moment_of, validate_input
from paktaleem.foundation.web.api.serializers import StrictSerializer, TextField
from rights.rectifications.models import Correction, CorrectionState
from rights.rectifications.selectors import list_corrections, waiting_fields
from rights.rectifications.services.statements import Statement, add_correction
from rights.rectifications.values import FIELD_LABELS
from rights.requests.selectors import get_request

_LONGEST = 2_000
_STATES = [*CorrectionState.values, "waiting"]


class CorrectionInput(StrictSerializer):
    """One correction: a field with its old and new value, or ``other`` with ``about``, what it is about in words.

    An empty ``new_value`` removes an email address or a phone number.
    """

    beyond_schema = {
        "new_value": "Checked as the field of a person is.",
        "about": "Required for other, and only there.",
        "category": "For other only; a category that a system holds.",
    }

    field = serializers.ChoiceField(list(FIELD_LABELS))
    new_value = TextField(allow_blank=True, max_length=_LONGEST)
    old_value = TextField(required=False, allow_blank=True, max_length=_LONGEST)
    about = TextField(required=False, allow_blank=True, max_length=_LONGEST)
    evidence = TextField(required=False, allow_blank=True, max_length=_LONGEST)
    category = TextField(required=False, allow_blank=True, max_length=63)


class CorrectionOutput(serializers.Serializer[Any]):
    """One correction without its texts. ``waiting``: granted, and to be confirmed by a second person."""

    id = serializers.UUIDField()
    field = serializers.ChoiceField(list(FIELD_LABELS))
    state = serializers.ChoiceField(_STATES)
    stated_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)


class CorrectionsOutput(serializers.Serializer[Any]):
    """The corrections of a request, in the order in which they were stated."""

    corrections = serializers.ListField(child=CorrectionOutput())


class Corrections(Operation):
    """``GET`` and ``POST /api/v1/rights-requests/{id}/corrections``."""

    capabilities = {"GET": Capability.VIEW_RIGHTS_REQUESTS, "POST": Capability.RECEIVE_RIGHTS_REQUESTS}

    @extend_schema(responses=CorrectionsOutput)
    def get(self, request: Request, rights_request: UUID) -> Response:
        """List the corrections of a request with their states."""
        row = get_request(rights_request, actor=actor_of(request))
        waiting = waiting_fields(row)
        return Response({"corrections": [_serialize(one, waiting) for one in list_corrections(row)]})

    @extend_schema(request=CorrectionInput, responses={201: CorrectionOutput})
    def post(self, request: Request, rights_request: UUID) -> Response:
        """State one correction: 201. Nothing changes before the controller has decided."""
        actor = actor_of(request)
        row = get_request(rights_request, actor=actor)
        given = validate_input(CorrectionInput, request.data)
        made = add_correction(row, Statement(**given), actor=actor, at=moment_of(request))
        return Response(_serialize(made, set()), HTTPStatus.CREATED)


def _serialize(row: Correction, waiting: set[str]) -> dict[str, Any]:
    waits = row.state == CorrectionState.MADE and row.field in waiting
    return {
        "id": str(row.pk),
        "field": row.field,
        "state": "waiting" if waits else str(row.state),
        "stated_at": row.given_at.isoformat(),
        "decided_at": row.settled_at.isoformat() if row.settled_at else None,
    }
