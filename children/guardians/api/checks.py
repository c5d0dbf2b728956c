"""API operations on checks of guardians by providers."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from children.guardians.models.mechanisms import CheckState, ProviderCheck
from children.guardians.selectors.guardians import find_check_url, get_live_guardianship, list_provider_checks
from children.guardians.services.checks import CheckUnknown, request_check
from children.strength import PROVIDER_METHODS
from paktaleem.directory.people.selectors import get_subject
from paktaleem.foundation.accounts.ip_addresses import get_public_url
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.api.operations import Operation, actor_of, client_of, moment_of, validate_input
from paktaleem.foundation.api.serializers import PROVIDER, PatternField, StrictSerializer, TextField


class CheckInput(StrictSerializer):
    """Request of a check: the guardian, the provider and the method."""

    guardian = TextField(max_length=255)
    provider = PatternField(
        PROVIDER, allowed="Use the provider's code: a–z, 0–9, “.”, “_” and “-”.", max_length=63, trim_whitespace=False
    )
    method = serializers.ChoiceField(sorted(one.value for one in PROVIDER_METHODS))


class CheckOutput(serializers.Serializer[Any]):
    """A provider's check of a guardian. A passed check becomes a verification.

    ``url`` is the address for the guardian while the check is started; only keys with ``guardians:write`` receive it.
    """

    id = serializers.UUIDField()
    subject = serializers.CharField(allow_null=True)
    guardian = serializers.CharField(allow_null=True)
    provider = serializers.CharField()
    method = serializers.ChoiceField(sorted(one.value for one in PROVIDER_METHODS))
    state = serializers.ChoiceField(CheckState.values)
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField(allow_null=True)


class GuardianChecks(Operation):
    """``POST /api/v1/subjects/{external_id}/guardian-checks``."""

    capabilities = {"POST": Capability.VERIFY_GUARDIANS}

    @extend_schema(request=CheckInput, responses={201: CheckOutput})
    def post(self, request: Request, external_id: str) -> Response:
        """Request a provider's check of a guardian: 201. The provider does not learn who the child or guardian is.

        The provider is called after this response. Poll the check until it is ``started``: ``url`` is then the address
        for the guardian, if there is one.
        """
        given, actor, at = validate_input(CheckInput, request.data), actor_of(request), moment_of(request)
        child, guardian = (get_subject(name, actor=actor) for name in (external_id, given["guardian"]))
        row = get_live_guardianship(child, guardian, at=at)
        requested = {"provider": given["provider"], "method": given["method"]}
        answer_to = _answer_to(request, given["provider"])
        check = request_check(row, **requested, answer_to=answer_to, actor=actor, at=at)
        return Response(_serialize_check(check, None), HTTPStatus.CREATED)


class ShowCheck(Operation):
    """``GET /api/v1/guardian-checks/{id}``."""

    capabilities = {"GET": Capability.VIEW_CHILD_RECORDS}

    @extend_schema(responses=CheckOutput)
    def get(self, request: Request, check: UUID) -> Response:
        """Return a check with its state and result."""
        actor = actor_of(request)
        row = list_provider_checks(actor).filter(pk=check, client_id=client_of(request)).first()
        if row is None:
            raise CheckUnknown
        return Response(_serialize_check(row, find_check_url(row) if actor.may(Capability.VERIFY_GUARDIANS) else None))


def _answer_to(request: Request, provider: str) -> str:
    code = Client.objects.values_list("code", flat=True).get(pk=client_of(request))
    portal = get_public_url(request._request).rstrip("/")
    return portal + reverse("guardian-check-answer", args=[code, provider])


def _serialize_check(check: ProviderCheck, url: str | None) -> dict[str, Any]:
    row = check.guardianship
    return {
        "id": str(check.pk),
        "subject": row.child.external_id,
        "guardian": row.guardian.external_id,
        "provider": check.provider,
        "method": check.method,
        "state": check.state,
        "started_at": check.started_at.isoformat(),
        "finished_at": check.finished_at.isoformat() if check.finished_at else None,
        "url": url,
    }
