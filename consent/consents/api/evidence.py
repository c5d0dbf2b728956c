"""API: adding a scan of a signed form, or a letter, to a recorded answer."""

from http import HTTPStatus
from io import BytesIO
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.consents.models.evidence import ConsentEvidence
from consent.consents.selectors.consents import get_event
from consent.consents.services.evidence import add_evidence_file
from paktaleem.directory.files.bodies import FILE_BODY, FileParser
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.api.operations import Operation, actor_of, moment_of


class EvidenceOutput(serializers.Serializer[Any]):
    """Output: added evidence."""

    id = serializers.UUIDField()
    event = serializers.UUIDField()
    kind = serializers.CharField()
    size = serializers.IntegerField()
    added_at = serializers.DateTimeField()


class AddEvidence(Operation):
    """``POST /api/v1/consents/{event}/evidence``."""

    capabilities = {"POST": Capability.RECORD_CONSENTS}
    parser_classes = (FileParser,)

    @extend_schema(request=FILE_BODY, responses={201: EvidenceOutput})
    def post(self, request: Request, event: UUID) -> Response:
        """Store the body, a PDF, JPEG or PNG, encrypted as evidence of the answer (GDPR Art. 7(1)).

        It has at most 10 MiB, unless the operator changed that. It is opened only in the console.
        """
        found = get_event(event, actor=actor_of(request))
        content = getattr(request.data, "content", b"")  # an empty body is not parsed
        evidence = add_evidence_file(found, BytesIO(content), actor=actor_of(request), at=moment_of(request))
        return Response(_serialize_evidence(evidence), HTTPStatus.CREATED)


def _serialize_evidence(evidence: ConsentEvidence) -> dict[str, Any]:
    file = evidence.file
    return {
        "id": str(evidence.pk),
        "event": str(evidence.event_id),
        "kind": file.kind if file else "reference",
        "size": file.size if file else 0,
        "added_at": evidence.added_at.isoformat(),
    }
