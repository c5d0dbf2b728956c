"""Documents of agreements: files sealed under a key of their own; every reading is recorded."""

from collections.abc import Iterator
from datetime import datetime
from typing import IO

from django.db import transaction

from consent.agreements.models import AgreementDocument, DocumentKind
from consent.register.models.agreements import ServiceAgreement
from paktaleem.directory.files.documents import read_document, seal_document
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.ids import new_id


@transaction.atomic
def add_document(
    agreement: ServiceAgreement, content: IO[bytes], *, kind: DocumentKind | str, actor: Actor, at: datetime
) -> AgreementDocument:
    """Seal a document of an agreement: PDF, JPEG or PNG, by its first bytes; its name is not stored.

    A document that is added after the first signature makes both sides sign again. Raises FileKindNotAccepted,
    FileTooLarge, NotAllowed.
    """
    require(actor, Capability.SIGN_AGREEMENTS, agreement.client_id)
    row = AgreementDocument(id=new_id(), client_id=agreement.client_id, agreement=agreement, kind=DocumentKind(kind))
    seal_document(row, content, added_by=actor.id, at=at)
    _record("agreement.document_added", row, actor, at)
    return row


@transaction.atomic
def open_document(document: AgreementDocument, *, actor: Actor, reason: Reason | str, at: datetime) -> Iterator[bytes]:
    """Return the content of a document, and record who read it and why. Raises CannotOpen, NotAllowed."""
    require(actor, Capability.SIGN_AGREEMENTS, document.client_id)
    content = read_document(document)
    _record("agreement.document_opened", document, actor, at, reason=Reason(reason).value)
    return content


def _record(kind: str, row: AgreementDocument, actor: Actor, at: datetime, **more: str) -> None:
    facts = {
        "document": str(row.pk),
        "agreement": str(row.agreement_id),
        "kind": str(row.kind),
        "hash": row.file.sealed_hash,
        **more,
    }
    record_entry(kind, client_id=row.client_id, facts=facts, actor=actor, at=at)
