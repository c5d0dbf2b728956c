"""Export of the evidence about one person's consents."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from consent.consents.selectors.consents import select_acknowledgements, select_consent_events
from consent.notices.models import NoticeVersion
from consent.receipts.evidence_bundles import LEDGER, manifest_of, pack
from consent.receipts.receipt import PortalUrls, consent_receipt
from consent.receipts.selectors import get_record_facts
from consent.register.dpv import CONTEXT
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.canonical import canonical
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import record_entry

_README = """Evidence about the consents of one person, as recorded by the privacy portal of PakTaleem.

receipts/    one document per answer: the notice shown, the answer, by whom, how, on which lawful basis
             (ISO/IEC TS 27560:2023, JSON-LD in the W3C Data Privacy Vocabulary; context.jsonld explains the terms)
notices/     the texts as shown, by version and language; a receipt names the version and its hash
ledger.jsonl the ledger entries about these answers, and about acknowledgements of the policy: exact
             canonical texts with their leaf hashes
manifest.json the SHA-256 of every file; its own SHA-256 is in the ledger, in the entry consent.evidence_exported

People are identified by pseudonym only. Check the bundle with: manage.py check_evidence FILE
"""


@transaction.atomic
def export_evidence(
    subject: Subject, *, base: str, language: str = "en", actor: Actor, reason: Reason | str, at: datetime
) -> bytes:
    """Return a ZIP that proves a person's consents (GDPR Art. 7(1)): receipts, shown notices, ledger entries, hashes.

    The receipts follow ISO/IEC TS 27560; the manifest has the SHA-256 of each file. The manifest's hash, the actor and
    the reason are recorded in the ledger. ``base`` is the portal's address.

    Raises Refused if nothing is recorded about the person, NotAllowed.
    """
    require(actor, Capability.EXPORT_EVIDENCE, subject.client_id)
    events = list(select_consent_events(subject, actor=actor, until=at))
    acknowledgements = list(select_acknowledgements(subject, actor=actor, until=at))
    if not events and not acknowledgements:
        raise Refused(_("The person has no recorded answers: there is nothing to export."))
    place = PortalUrls.of(base, subject.client.code)
    files = {
        "README.txt": _README.encode(),
        "context.jsonld": canonical(CONTEXT),
        LEDGER: _ledger_lines(subject, at),
        **{
            f"receipts/{event.pk}.jsonld": canonical(
                consent_receipt(get_record_facts(event, language=language, base=base), place)
            )
            for event in events
        },
        **_notice_files([*(event.notice_version for event in events), *(one.version for one in acknowledgements)]),
    }
    about = {
        "client": str(subject.client_id),
        "subject": str(subject.pk),
        "until": at.isoformat(),
        "language": language,
    }
    manifest = manifest_of(files, about)
    facts = {"manifest": hashlib.sha256(manifest).hexdigest(), "files": len(files), "reason": str(reason)}
    record_entry(
        "consent.evidence_exported", client_id=subject.client_id, subject_id=subject.pk, facts=facts, actor=actor, at=at
    )
    return pack(files, manifest, at)


def _ledger_lines(subject: Subject, at: datetime) -> bytes:
    entries = Entry.objects.filter(
        Q(kind__startswith="consent.") | Q(kind="policy.acknowledged"),
        client_id=subject.client_id,
        subject_id=subject.pk,
        recorded_at__lte=at,
    )
    lines = [
        json.dumps({"body": entry.body, "leaf_hash": bytes(entry.leaf_hash).hex()}, ensure_ascii=False)
        for entry in entries.order_by("recorded_at", "id")
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def _notice_files(shown: Iterable[NoticeVersion | None]) -> dict[str, bytes]:
    versions = {version.pk: version for version in shown if version is not None}
    texts: dict[str, bytes] = {}
    for version in versions.values():
        name = f"notices/{version.notice.code}-{version.number}"
        texts |= {f"{name}.{language}.txt": text.encode() for language, text in _hashed_texts(version).items()}
        texts[f"{name}.sha256"] = f"{version.content_hash}\n".encode()
    return texts


def _hashed_texts(version: NoticeVersion) -> dict[str, str]:
    texts = {"en": version.text_en, "ur": version.text_ur}
    children = {"child_en": version.child_text_en, "child_ur": version.child_text_ur}
    return texts | {name: text for name, text in children.items() if text}
