"""Adding the scan of a signed form, or a letter, to a recorded answer."""

import hashlib
from http import HTTPStatus
from io import BytesIO
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from consent.models import ConsentEvidence
from consent.selectors.receipts import get_event
from consent.services import add_evidence_file
from paktaleem.accounts.roles import Capability
from paktaleem.api.operations import Operation, actor_of, moment_of
from paktaleem.files.kinds import CONTENT_TYPES
from paktaleem.files.services import FileTooLarge

__all__ = ["AddEvidence"]


class FileBody:
    """A file sent as the whole body; its text is its hash, by which a repeated request is known."""

    def __init__(self, content: bytes) -> None:
        """Hold it."""
        self.content = content

    def __str__(self) -> str:
        """Give the hash."""
        return hashlib.sha256(self.content).hexdigest()


class FileParser(BaseParser):
    """Takes the body as it is, up to the size of files; what it is its first bytes say."""

    media_type = "*/*"

    def parse(self, stream: IO[bytes], *_: Any, **__: Any) -> Any:
        """Read the body. Raises FileTooLarge."""
        content = stream.read(settings.FILE_MOST_BYTES + 1)
        if len(content) > settings.FILE_MOST_BYTES:
            raise FileTooLarge
        return FileBody(content)


class EvidenceOutput(serializers.Serializer[Any]):
    """Evidence that was added."""

    id = serializers.UUIDField()
    event = serializers.UUIDField()
    kind = serializers.CharField()
    size = serializers.IntegerField()
    added_at = serializers.DateTimeField()


class AddEvidence(Operation):
    """``POST /api/v1/consents/{event}/evidence``."""

    capabilities = {"POST": Capability.RECORD_CONSENTS}
    parser_classes = (FileParser,)

    @extend_schema(request=dict.fromkeys(CONTENT_TYPES.values(), bytes), responses={201: EvidenceOutput})
    def post(self, request: Request, event: UUID) -> Response:
        """Keep the body, a PDF, JPEG or PNG, sealed as evidence of the answer. It is opened in the console alone."""
        found = get_event(event, actor=actor_of(request))
        content = getattr(request.data, "content", b"")  # an empty body is not parsed at all
        evidence = add_evidence_file(found, BytesIO(content), actor=actor_of(request), at=moment_of(request))
        return Response(_evidence(evidence), HTTPStatus.CREATED)


def _evidence(evidence: ConsentEvidence) -> dict[str, Any]:
    file = evidence.file
    return {
        "id": str(evidence.pk),
        "event": str(evidence.event_id),
        "kind": file.kind if file else "reference",
        "size": file.size if file else 0,
        "added_at": evidence.added_at.isoformat(),
    }
