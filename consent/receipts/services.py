"""Receipts: their facts, and the export of the evidence about one person's consents."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from consent.consents.models import Consent, ConsentEvent
from consent.consents.selectors.consents import select_acknowledgements, select_consent_events
from consent.notices.models import NoticeVersion
from consent.receipts.evidence_bundles import LEDGER, manifest_of, pack
from consent.receipts.receipt import (
    DataItem,
    Party,
    PortalUrls,
    ReceiptEvent,
    ReceiptNotice,
    RecordFacts,
    consent_receipt,
)
from consent.register.compiled import Basis, Capacity, describe_purpose
from consent.register.dpv import CONTEXT
from consent.register.models.agreements import Recipient, RecipientApproval
from consent.register.models.purposes import DataCategory, LawfulBasis, Purpose, PurposeCapacity
from paktaleem.directory.people.ages import is_child
from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.canonical import canonical
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.rows import PAKTALEEM


def get_record_facts(event: ConsentEvent, *, language: str, base: str) -> RecordFacts:
    """Return the facts of the record with ``event`` as its latest, in the client's context, in a language.

    Purpose, parties and recipients are taken from the history at that time, so that a receipt never changes.
    """
    at = event.recorded_at
    of_record = ConsentEvent.objects.filter(
        client_id=event.client_id, subject_id=event.subject_id, purpose_id=event.purpose_id
    )
    before = Q(recorded_at__lt=event.recorded_at) | Q(recorded_at=event.recorded_at, pk__lte=event.pk)
    events = list(of_record.filter(before).order_by("recorded_at", "pk"))
    purpose = Purpose.history.as_of(at).get(id=event.purpose_id)
    person = Subject.history.filter(id=event.subject_id, history_date__lte=at).order_by("-history_date").first()
    capacity = _find_capacity(event)
    basis = _find_basis(event, _roles_of(person), capacity)
    organisations = _Organisations(event, base)
    return RecordFacts(
        record_id=Consent.objects.values_list("pk", flat=True).get(
            client_id=event.client_id, subject_id=event.subject_id, purpose_id=event.purpose_id
        ),
        subject=event.subject_id,
        role=basis.role if basis else person.role,
        purpose=event.purpose_id,
        purpose_code=purpose.code,
        purpose_text=describe_purpose(purpose, language),
        purpose_term=purpose.dpv_term,
        categories=_list_categories(event, purpose.categories, language),
        basis=basis.basis if basis else "consent",
        controller=organisations.paktaleem if capacity == Capacity.CONTROLLER else organisations.client,
        processor=organisations.paktaleem if capacity == Capacity.PROCESSOR else None,
        joint_controller=organisations.paktaleem if capacity == Capacity.JOINT else None,
        recipients=organisations.recipients(purpose.code),
        storage_countries=settings.STORAGE_COUNTRIES,
        events=_to_receipt_events(events, person, organisations.row),
        authority=organisations.row.find_authority(at, person.country),
    )


def _localized(language: str, row: object, name: str) -> str:
    return str(getattr(row, f"{name}_{'ur' if language == 'ur' else 'en'}"))


def _find_capacity(event: ConsentEvent) -> str:
    """Return PakTaleem's capacity then: the client's own row first, then the latest start; else processor."""
    rows = PurposeCapacity.objects.active(event.recorded_at).filter(
        client_id__in=[event.client_id, PAKTALEEM], purpose_id=event.purpose_id
    )
    best = max(rows, key=lambda row: (row.client_id == event.client_id, row.starts_at, row.pk), default=None)
    return Capacity.PROCESSOR if best is None else best.capacity


def _roles_of(person: Subject) -> tuple[str, ...]:
    return (person.role, *person.other_roles)


def _find_basis(event: ConsentEvent, roles: Sequence[str], capacity: str) -> LawfulBasis | None:
    """Return the basis then; of several roles, one based on consent, else that of the earliest role."""
    found = [basis for role in roles if (basis := _find_basis_of_role(event, role, capacity)) is not None]
    return min(found, key=lambda basis: basis.basis != Basis.CONSENT, default=None)


def _find_basis_of_role(event: ConsentEvent, role: str, capacity: str) -> LawfulBasis | None:
    owners = [PAKTALEEM] if capacity == Capacity.CONTROLLER else [event.client_id, PAKTALEEM]
    rows = LawfulBasis.objects.active(event.recorded_at).filter(
        client_id__in=owners, purpose_id=event.purpose_id, role=role
    )
    ranked = sorted(rows, key=lambda row: (row.client_id == event.client_id, row.starts_at, row.pk))
    return ranked[-1] if ranked else None


def _list_categories(event: ConsentEvent, codes: Sequence[str], language: str) -> list[DataItem]:
    rows = DataCategory.history.as_of(event.recorded_at).filter(
        client_id__in=[event.client_id, PAKTALEEM], code__in=codes
    )
    names = {row.code: _localized(language, row, "name") for row in rows}
    return [DataItem(code, names.get(code, code)) for code in codes]


class _Organisations:
    def __init__(self, event: ConsentEvent, base: str) -> None:
        self.event, self.base = event, base
        self.row = Client.history.as_of(event.recorded_at).get(id=event.client_id)
        seat = (self.row.country,)
        self.client = Party(self.row.id, self.row.name, seat, f"{base}/privacy/{self.row.code}/", self.row.address)
        self.paktaleem = Party(PAKTALEEM, "PakTaleem", ("PK",), f"{base}/privacy/", settings.PAKTALEEM_ADDRESS)

    def recipients(self, purpose_code: str) -> list[Party]:
        """List the recipients approved for the purpose then, after their objection period."""
        at = self.event.recorded_at
        owners = [self.event.client_id, PAKTALEEM]
        approved = {
            row.recipient_id
            for row in RecipientApproval.history.as_of(at).filter(client_id__in=owners, starts_at__lte=at)
            if purpose_code in row.purposes
            and (row.ends_at is None or row.ends_at > at)
            and (row.objection_until is None or row.objection_until <= at)
        }
        rows = Recipient.history.as_of(at).filter(id__in=approved) if approved else []
        contact = f"{self.base}/privacy/{self.row.code}/"
        return [
            Party(row.id, row.name, tuple(row.countries.replace(",", " ").upper().split()), contact, row.address)
            for row in sorted(rows, key=lambda row: row.code)
        ]


def _to_receipt_events(events: Iterable[ConsentEvent], person: Subject, client: Client) -> list[ReceiptEvent]:
    events, roles = list(events), _roles_of(person)
    shown = {event.notice_version_id for event in events} - {None}
    versions = NoticeVersion.objects.select_related("notice").in_bulk(shown)
    guardians = {event.guardian_id for event in events} - {None}
    relations = dict(
        GuardianClaim.objects.filter(child_id=person.id, guardian_id__in=guardians).values_list(
            "guardian_id", "relationship"
        )
    )
    return [
        ReceiptEvent(
            id=event.pk,
            state=event.state,
            recorded_at=event.recorded_at,
            by=event.given_by,
            method=event.get_method_display(),
            language=event.language,
            expires_at=event.expires_at,
            guardian=event.guardian_id,
            relationship=relations.get(event.guardian_id, "") if event.guardian_id else "",
            actor=event.actor_id,
            of_child=is_child(roles, person.of_age_at, at=event.recorded_at, serves_minors=client.serves_minors),
            notice=_to_receipt_notice(versions.get(event.notice_version_id), event),
            reason=event.reason,
            is_renewal=event.is_renewal,
        )
        for event in events
    ]


def _to_receipt_notice(version: NoticeVersion | None, event: ConsentEvent) -> ReceiptNotice | None:
    if version is None:
        return None
    return ReceiptNotice(
        version=version.pk,
        number=version.number,
        title=_localized(event.language, version.notice, "title"),
        language=event.language,
        content_hash=event.shown_hash,
        effective_at=version.effective_at,
    )


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
    """Return a ZIP that proves a person's consents (GDPR Art. 7(1)); its hash, the actor and the reason are recorded.

    Raises Refused if nothing is recorded about the person, NotAllowed.
    """
    require(actor, Capability.VIEW_EVIDENCE, subject.client_id)
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
    about = {"client": str(subject.client_id), "subject": str(subject.pk), "until": at.isoformat()}
    manifest = manifest_of(files, about | {"language": language})
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
