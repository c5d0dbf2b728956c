"""Certificates: canonical JSON (RFC 8785) whose SHA-256 is repeated by an entry of the ledger."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from paktaleem.foundation.audit.actors import By
from paktaleem.foundation.audit.canonical import canonical
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import make_entry

__all__ = ["Certified", "HasBody", "certify", "read_body"]


class Certified(NamedTuple):
    """The text of a certificate, the SHA-256 (hex) of its UTF-8 bytes, and the unsaved ledger entry that repeats it."""

    body: str
    sha256: str
    entry: Entry


class HasBody(Protocol):
    """A stored certificate."""

    body: Any
    sha256: Any


def certify(
    kind: str,
    content: Mapping[str, Any],
    *,
    client_id: UUID,
    subject_id: UUID | None = None,
    facts: Mapping[str, Any],
    actor: By,
    at: datetime,
) -> Certified:
    """Return a certificate with its entry of this kind; the caller inserts its row and the entry together."""
    body = canonical(content)
    sha256 = hashlib.sha256(body).hexdigest()
    about = {**facts, "sha256": sha256}
    entry = make_entry(kind, client_id=client_id, subject_id=subject_id, facts=about, actor=actor, at=at)
    return Certified(body.decode(), sha256, entry)


def read_body(certificate: HasBody) -> dict[str, Any]:
    """Return the content of a certificate. Raises ValueError if its text does not match its hash."""
    if hashlib.sha256(certificate.body.encode()).hexdigest() != certificate.sha256:
        raise ValueError("The certificate does not match its hash.")
    content: dict[str, Any] = json.loads(certificate.body)
    return content
