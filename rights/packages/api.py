"""API operation on the copy of a rights request: its state, never its content."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.web.api.operations import Operation, actor_of
from rights.packages.models import BuildFailure, Package, PackageState
from rights.packages.selectors import count_downloads, find_package
from rights.requests.selectors import get_request


class CopyOutput(serializers.Serializer[Any]):
    """The copy of a request for access or portability, without its content.

    ``state``: ``none`` if none was granted yet; ``collecting`` until every part is decided and every system has
    answered; ``choosing`` while staff choose the content; ``building``; ``ready``; ``failed``, with the reason in
    ``failure``; ``ended`` once it is deleted. It can be fetched, by the person with a code, once it is ready and the
    request is answered, until ``expires_at``. ``downloads`` counts how often it was fetched.
    """

    state = serializers.ChoiceField(["none", *PackageState.values])
    failure = serializers.ChoiceField(BuildFailure.values, allow_null=True)
    built_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    downloads = serializers.IntegerField()


class ShowCopy(Operation):
    """``GET /api/v1/rights-requests/{id}/copy``."""

    capabilities = {"GET": Capability.VIEW_RIGHTS_REQUESTS}
    is_conditional = True

    @extend_schema(responses=CopyOutput)
    def get(self, request: Request, rights_request: UUID) -> Response:
        """Return how far the copy of a request is; the content goes to the person only."""
        row = get_request(rights_request, actor=actor_of(request))
        return Response(_serialize(find_package(row)))


def _serialize(package: Package | None) -> dict[str, Any]:
    if package is None:
        nothing = dict.fromkeys(("failure", "built_at", "expires_at", "ended_at"))
        return {"state": "none", **nothing, "downloads": 0}
    times = {name: getattr(package, name) for name in ("built_at", "expires_at", "ended_at")}
    return {
        "state": package.state,
        "failure": package.failure or None,
        **{name: None if at is None else at.isoformat() for name, at in times.items()},
        "downloads": count_downloads(package),
    }
