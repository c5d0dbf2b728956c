"""Evidence of consents: sealed, opened with a capability of its own, each opening logged."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from django.db import transaction

from consent.consents.models import ConsentEvent, ConsentEvidence
from paktaleem.directory.files.models import CONTENT_TYPES, FileKind, SealedFile
from paktaleem.directory.files.services import iterate_file, store_file
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureInProgress
from paktaleem.directory.people.services.people import record_access
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.sealing import Sealed

_COLUMN = "consent_consentevidence.reference"


@dataclass(frozen=True, slots=True)
class OpenedEvidence:
    """Opened evidence: a text, or a file's content type and chunks."""

    text: str = ""
    content_type: str = ""
    chunks: Iterator[bytes] | None = None


@transaction.atomic
def add_evidence_reference(event: ConsentEvent, text: str, *, actor: Actor, at: datetime) -> ConsentEvidence:
    """Store a sealed reference to evidence of an answer (GDPR Art. 7(1)): its location, or a note of a call.

    Raises NotAllowed, KeyDestroyed.
    """
    require(actor, Capability.RECORD_CONSENTS, event.client_id)
    sealed = sealer_of(event.subject).seal(text, column=_COLUMN)
    return _add_evidence(event, reference=sealed, facts={"kind": "reference"}, actor=actor, at=at)


@transaction.atomic
def add_evidence_file(event: ConsentEvent, content: IO[bytes], *, actor: Actor, at: datetime) -> ConsentEvidence:
    """Store a scan or letter as evidence of an answer (GDPR Art. 7(1)), sealed under the person's key.

    Raises FileKindNotAccepted, FileTooLarge, AlreadyErased, ErasureInProgress, NotAllowed.
    """
    require(actor, Capability.RECORD_CONSENTS, event.client_id)
    subject = Subject.objects.get(pk=event.subject_id, client_id=event.client_id)
    if subject.erased_at is not None:
        raise AlreadyErased
    if subject.is_being_erased:
        raise ErasureInProgress
    file = store_file(subject, content, at=at)
    facts = {"kind": file.kind, "size": file.size, "sealed_hash": file.sealed_hash, "file": str(file.pk)}
    return _add_evidence(event, file=file, facts=facts, actor=actor, at=at)


def _add_evidence(
    event: ConsentEvent,
    *,
    reference: Sealed | None = None,
    file: SealedFile | None = None,
    facts: dict[str, Any],
    actor: Actor,
    at: datetime,
) -> ConsentEvidence:
    evidence = ConsentEvidence(
        client_id=event.client_id,
        subject_id=event.subject_id,
        event=event,
        reference=reference,
        file=file,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_role=actor.role,
        added_at=at,
    )
    evidence.save(force_insert=True)
    record_entry(
        "consent.evidence_added",
        client_id=event.client_id,
        subject_id=event.subject_id,
        facts={"evidence": str(evidence.pk), "event": str(event.pk), **facts},
        actor=actor,
        at=at,
    )
    return evidence


@transaction.atomic
def open_evidence(evidence: ConsentEvidence, *, actor: Actor, reason: Reason | str, at: datetime) -> OpenedEvidence:
    """Open one piece of evidence; the access is logged with its reason first (need to know, policy §5).

    Raises AlreadyErased if the person's key is destroyed, NotAllowed.
    """
    require(actor, Capability.VIEW_EVIDENCE, evidence.client_id)
    subject = evidence.subject
    if subject.erased_at is not None:
        raise AlreadyErased
    record_access(subject, [f"evidence {evidence.pk}"], actor=actor, reason=reason, at=at)
    if evidence.file is not None:
        kind = FileKind(evidence.file.kind)
        return OpenedEvidence(content_type=CONTENT_TYPES[kind], chunks=iterate_file(evidence.file))
    return OpenedEvidence(text=sealer_of(subject).open(evidence.reference, column=_COLUMN))
