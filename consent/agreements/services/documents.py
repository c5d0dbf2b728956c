"""Documents of agreements: files sealed under a key of their own; every reading is recorded."""

from collections.abc import Iterator
from datetime import datetime
from typing import IO

from django.db import transaction

from consent.agreements.models import AgreementDocument, DocumentKind
from consent.register.models import ServiceAgreement
from paktaleem.directory.files.kinds import detect_file_kind
from paktaleem.directory.files.services import FileKindNotAccepted, iterate_file, store_case_file
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.sealing import CannotOpen, Sealer, wrap_new_key
from paktaleem.foundation.tenancy.ids import new_id

__all__ = ["add_document", "open_document"]

_FIRST_BYTES = 16


@transaction.atomic
def add_document(
    agreement: ServiceAgreement, content: IO[bytes], *, kind: DocumentKind | str, actor: Actor, at: datetime
) -> AgreementDocument:
    """Seal a document of an agreement: PDF, JPEG or PNG, by its first bytes; its name is not stored.

    A document that is added after the first signature makes both sides sign again. Raises FileKindNotAccepted,
    FileTooLarge, NotAllowed.
    """
    require(actor, Capability.SIGN_AGREEMENTS, agreement.client_id)
    start = content.read(_FIRST_BYTES)
    content.seek(0)
    file_kind = detect_file_kind(start)
    if file_kind is None:
        raise FileKindNotAccepted
    row = AgreementDocument(id=new_id(), client_id=agreement.client_id, agreement=agreement, kind=DocumentKind(kind))
    sealer, row.epoch, row.wrapped = wrap_new_key(row.client_id, row.pk)
    row.file = store_case_file(content, client_id=row.client_id, case=row.pk, sealer=sealer, at=at)
    row.file_kind, row.added_by, row.added_at = file_kind.value, actor.id, at
    row.save(force_insert=True)
    _record("agreement.document_added", row, actor, at)
    return row


@transaction.atomic
def open_document(document: AgreementDocument, *, actor: Actor, reason: Reason | str, at: datetime) -> Iterator[bytes]:
    """Return the content of a document, and record who read it and why. Raises CannotOpen, NotAllowed."""
    require(actor, Capability.SIGN_AGREEMENTS, document.client_id)
    if document.wrapped is None or document.epoch is None:
        raise CannotOpen("The document's key has been destroyed.")
    key = bytes(document.wrapped)
    sealer = Sealer.unwrapped(document.client_id, document.pk, wrapped=key, epoch=document.epoch)
    _record("agreement.document_opened", document, actor, at, reason=Reason(reason).value)
    return iterate_file(document.file, sealer=sealer)


def _record(kind: str, row: AgreementDocument, actor: Actor, at: datetime, **more: str) -> None:
    facts = {
        "document": str(row.pk),
        "agreement": str(row.agreement_id),
        "kind": str(row.kind),
        "hash": row.file.sealed_hash,
        **more,
    }
    record_entry(kind, client_id=row.client_id, facts=facts, actor=actor, at=at)
