"""Certificates: canonical JSON (RFC 8785) whose SHA-256 is repeated by an entry of the ledger."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models

from paktaleem.foundation.audit.actors import By
from paktaleem.foundation.audit.canonical import canonical
from paktaleem.foundation.audit.services import make_entry
from paktaleem.foundation.tenancy.models import TenantRow
from paktaleem.foundation.tenancy.rows import insert_rows


class IssuedCertificate(TenantRow):
    """The fields of every certificate: its text, the SHA-256 (hex) of its UTF-8 bytes, and its entry of the ledger."""

    body = models.TextField()
    sha256 = models.CharField(max_length=64)
    entry_id = models.UUIDField()
    issued_at = models.DateTimeField()

    class Meta:
        abstract = True
        ordering = ["issued_at", "id"]

    def __str__(self) -> str:
        return self.sha256


def issue[Row: IssuedCertificate](
    row: Row,
    kind: str,
    content: Mapping[str, object],
    *,
    client_id: UUID,
    subject_id: UUID | None = None,
    facts: Mapping[str, object],
    actor: By,
    at: datetime,
) -> Row:
    """Insert a new certificate with this content together with its ledger entry of this kind, and return it."""
    body = canonical(content)
    row.body, row.sha256, row.issued_at = body.decode(), hashlib.sha256(body).hexdigest(), at
    about = {**facts, "sha256": row.sha256}
    entry = make_entry(kind, client_id=client_id, subject_id=subject_id, facts=about, actor=actor, at=at)
    row.entry_id = entry.pk
    insert_rows(entry, row)
    return row


def read_body(certificate: IssuedCertificate) -> dict[str, Any]:
    """Return the content of a certificate. Raises ValueError if its text does not match its hash."""
    if hashlib.sha256(certificate.body.encode()).hexdigest() != certificate.sha256:
        raise ValueError("The certificate does not match its hash.")
    content: dict[str, Any] = json.loads(certificate.body)
    return content
