"""Consent records and receipts as in ISO/IEC TS 27560:2023, in JSON-LD and DPV terms. Pure.

A receipt documents one event of a record, for the person to keep. Both identify people by pseudonym only
(``urn:uuid``). A guardian's withdrawal is `ConsentWithdrawn`; `ConsentRevoked` is an act of the school or PakTaleem.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from consent.register import dpv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consent.register.compiled import PurposeText
    from paktaleem.foundation.law.profiles import Authority


_NO_OTHER_RECIPIENT = {
    "@type": "dpv:Prohibition",
    "dct:description": "The data goes to no recipient and to no country that is not named here.",
}
_WITHOUT_EFFECT = {
    "@type": "dpv:Justification",
    "dct:identifier": "not_by_guardian",
    "dct:description": "The person was below the age at which they decide alone, and no guardian gave this consent.",
}
_BY_GUARDIAN = {
    "@type": "dpv:Justification",
    "dct:description": "The person was below the age at which they decide alone; the guardian decides for them.",
}


@dataclass(frozen=True, slots=True)
class PortalUrls:
    base: str
    notice: str
    choices: str
    rights: str

    @classmethod
    def of(cls, base: str, client_code: str) -> PortalUrls:
        notice = f"{base}/privacy/{client_code}/"
        return cls(base, notice, f"{base}/choices/{client_code}/", f"{notice}#rights")


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation: its id, name, countries (ISO 3166, that of its seat first) and contact."""

    id: UUID
    name: str
    countries: tuple[str, ...]
    contact_url: str
    address: str = ""

    @property
    def country(self) -> str:
        return self.countries[0] if self.countries else ""


@dataclass(frozen=True, slots=True)
class ReceiptNotice:
    version: UUID
    number: int
    title: str
    language: str
    content_hash: str
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class ReceiptEvent:
    """One consent event; ``reason`` is that of a revocation or invalidation, ``is_renewal``: given already."""

    id: UUID
    state: str
    recorded_at: datetime
    by: str
    method: str
    language: str
    expires_at: datetime | None = None
    guardian: UUID | None = None
    relationship: str = ""
    actor: UUID | None = None
    of_child: bool = False
    notice: ReceiptNotice | None = None
    reason: str = ""
    is_renewal: bool = False

    @property
    def is_without_effect(self) -> bool:
        return self.state == "given" and self.of_child and self.by != "guardian"


@dataclass(frozen=True, slots=True)
class DataItem:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """The facts of a consent record at the time of its latest event, such as basis, recipients and authority then."""

    record_id: UUID
    subject: UUID
    role: str
    purpose: UUID
    purpose_code: str
    purpose_text: PurposeText
    purpose_term: str
    categories: Sequence[DataItem]
    basis: str
    controller: Party
    processor: Party | None
    recipients: Sequence[Party]
    storage_countries: Sequence[str]
    events: Sequence[ReceiptEvent]
    authority: Authority | None = None
    joint_controller: Party | None = None

    @property
    def latest(self) -> ReceiptEvent:
        return self.events[-1]


def consent_record(facts: RecordFacts, place: PortalUrls) -> dict[str, object]:
    """Return the JSON-LD record of one person's consent to one purpose, up to its latest event."""
    kinds = ["dpv:DataSubject"]
    if facts.role in dpv.PEOPLE:
        kinds.append(dpv.PEOPLE[facts.role])
    if facts.latest.of_child:
        kinds.append("dpv:Child")
    return {
        "@context": f"{place.base}{dpv.CONTEXT_PATH}",
        "@id": _urn(facts.record_id),
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": dpv.RECORD_PROFILE,
        "dct:identifier": str(facts.record_id),
        "dpv:hasIdentifier": str(facts.record_id),
        "dct:created": _format_time(facts.latest.recorded_at),
        "dct:language": sorted({event.language for event in facts.events}),
        "dpv:hasDataSubject": {"@id": _urn(facts.subject), "@type": kinds},
        "dpv:hasNotice": _serialize_notices(facts, place),
        "dpv:hasProcess": [_serialize_process(facts, place)],
        "dpv:hasEntity": [_serialize_party(one, roles) for one, roles in _map_roles(facts).items()],
        "dpv:hasConsentStatus": [_serialize_status(facts, event) for event in facts.events],
    }


def consent_receipt(facts: RecordFacts, place: PortalUrls) -> dict[str, Any]:
    """Return the JSON-LD receipt of the record's latest event, with the record; its id is the event's id."""
    record, event = consent_record(facts, place), facts.latest
    return {
        "@context": record.pop("@context"),
        "@id": f"{_urn(event.id)}#receipt",
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": dpv.RECEIPT_PROFILE,
        "dct:identifier": str(event.id),
        "dpv:hasIdentifier": str(event.id),
        "dct:created": _format_time(event.recorded_at),
        "dct:publisher": _urn(facts.controller.id),
        "dpv:hasRecordOfActivity": [record],
    }


def _urn(id_: UUID) -> str:
    return f"urn:uuid:{id_}"


def _format_time(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _serialize_notices(facts: RecordFacts, place: PortalUrls) -> list[dict[str, Any]]:
    versions = dict.fromkeys(event.notice for event in facts.events if event.notice is not None)
    policy = {"@id": place.notice, "@type": "dpv:PrivacyNotice", "schema:url": place.notice}
    consent_notices = [
        {
            "@id": f"{_urn(one.version)}#{one.language}",
            "@type": "dpv:ConsentNotice",
            "dct:title": one.title,
            "dct:language": one.language,
            "dct:hasVersion": str(one.number),
            "dct:issued": _format_time(one.effective_at),
            "dct:identifier": f"sha256:{one.content_hash}",
            "schema:url": place.notice,
        }
        for one in versions
    ]
    return [*consent_notices, policy]


def _serialize_process(facts: RecordFacts, place: PortalUrls) -> dict[str, object]:
    joint = facts.joint_controller
    places = [dpv.country(code) for code in facts.storage_countries]
    # While the consent is in force, then until the retention rules apply.
    after = {"@type": "dpv:UntilEventDuration", "rdf:value": "the retention rules dispose of it"}
    duration = _duration(facts.latest) if facts.latest.state == "given" else after
    stored = [{"@type": "dpv:StorageLocation", "dpv:hasLocation": place} for place in places]
    process: dict[str, object] = {
        "@type": "dpv:Process",
        "dct:title": facts.purpose_text.name,
        "dpv:hasPurpose": [_serialize_purpose(facts)],
        "dpv:hasLegalBasis": dpv.BASES[facts.basis],
        "dpv:hasPersonalData": [
            {
                "@type": "dpv:PersonalData",
                "dct:identifier": item.code,
                "dct:title": item.name,
                "dpv:hasNecessity": "dpv:Required",
                "skos:broader": dpv.CATEGORIES.get(item.code, "dpv:PersonalData"),
            }
            for item in facts.categories
        ],
        "dpv:hasProcessing": ["dpv:Collect", "dpv:Store", "dpv:Use", *(["dpv:Share"] if facts.recipients else [])],
        "dpv:hasDataSource": "dpv:DataSubjectDataSource",
        "dpv:hasStorageCondition": [*stored, {"@type": "dpv:StorageDuration", "dpv:hasDuration": duration}],
        "dpv:hasProcessingCondition": _processing_locations(facts),
        "dpv:hasRule": [_NO_OTHER_RECIPIENT],
        "dpv:hasDataController": [_urn(facts.controller.id), _urn(joint.id)] if joint else _urn(facts.controller.id),
        "dpv:hasRecipient": [_urn(one.id) for one in [*filter(None, (facts.processor, joint)), *facts.recipients]],
        "dpv:hasJurisdiction": dpv.country(facts.controller.country),
        "dpv:hasConsentControl": {
            "@type": ["dpv:ManageConsent", "dpv:WithdrawConsent"],
            "dpv:isExercisedAt": place.choices,
        },
        "dpv:hasRight": [
            {
                "@type": ["dpv:DataSubjectRight", right],
                "dpv:isExercisedAt": place.choices if right == dpv.WITHDRAWAL else place.rights,
            }
            for right in dpv.RIGHTS
        ],
    }
    if facts.processor is not None:
        process["dpv:hasDataProcessor"] = _urn(facts.processor.id)
    if facts.authority is not None:
        named = {"dpv:hasName": facts.authority.name, "dpv:hasContact": facts.authority.url}
        process["dpv:hasAuthority"] = {"@type": "dpv:Authority", **named}
    return process


def _serialize_purpose(facts: RecordFacts) -> dict[str, Any]:
    purpose: dict[str, Any] = {
        "@id": _urn(facts.purpose),
        "@type": "dpv:Purpose",
        "dct:identifier": facts.purpose_code,
        "dct:title": facts.purpose_text.name,
        "dct:description": facts.purpose_text.description,
    }
    if facts.purpose_term in dpv.PURPOSES:
        purpose["skos:broader"] = facts.purpose_term
    return purpose


def _processing_locations(facts: RecordFacts) -> list[dict[str, object]]:
    codes = [*facts.storage_countries, *(code for one in facts.recipients for code in one.countries)]
    places = dict.fromkeys(dpv.country(code) for code in codes)
    return [{"@type": "dpv:ProcessingLocation", "dpv:hasLocation": one} for one in places]


def _duration(event: ReceiptEvent) -> dict[str, object]:
    if event.state != "given":
        return {"@type": "dpv:UntilEventDuration", "rdf:value": "the person answers anew"}
    if event.expires_at is None:
        return {"@type": "dpv:UntilEventDuration", "rdf:value": "the consent is withdrawn, revoked or renewed"}
    until = {"@value": _format_time(event.expires_at), "@type": "xsd:dateTime"}
    return {"@type": "dpv:UntilTimeDuration", "rdf:value": until}


def _map_roles(facts: RecordFacts) -> dict[Party, list[str]]:
    parts: dict[Party, list[str]] = {facts.controller: ["dpv:DataController"]}
    if facts.processor is not None:
        parts.setdefault(facts.processor, []).append("dpv:DataProcessor")
    if facts.joint_controller is not None:
        parts.setdefault(facts.joint_controller, []).append("dpv:DataController")
    for one in facts.recipients:
        parts.setdefault(one, []).append("dpv:Recipient")
    return parts


def _serialize_party(party: Party, roles: Sequence[str]) -> dict[str, object]:
    return {
        "@id": _urn(party.id),
        "@type": ["dpv:Organisation", *roles],
        "dpv:hasIdentifier": str(party.id),
        "dpv:hasName": party.name,
        "dpv:hasContact": party.contact_url,
        "dpv:hasLocation": [dpv.country(code) for code in party.countries],
        "schema:address": {
            "@type": "schema:PostalAddress",
            **({"schema:streetAddress": party.address} if party.address else {}),
            **({"schema:addressCountry": party.country} if party.country else {}),
        },
    }


def _serialize_status(facts: RecordFacts, event: ReceiptEvent) -> dict[str, object]:
    status: dict[str, object] = {
        "@id": _urn(event.id),
        "@type": _status_types(event),
        "dct:identifier": str(event.id),
        "dpv:hasLegalBasis": dpv.BASES[facts.basis],
        "dpv:isIndicatedAtTime": _format_time(event.recorded_at),
        "dpv:isIndicatedBy": _indicated_by(facts, event),
        "dpv:hasIndicationMethod": event.method,
        "dpv:hasDuration": _duration(event),
    }
    if event.actor is not None:
        status["dpv:isImplementedByEntity"] = _urn(event.actor)
    if event.is_without_effect:
        status["dpv:hasJustification"] = _WITHOUT_EFFECT
    elif event.reason:
        status["dpv:hasJustification"] = {"@type": "dpv:Justification", "dct:identifier": event.reason}
    return status


def _status_types(event: ReceiptEvent) -> list[str]:
    if event.state != "given":
        return [dpv.STATES[event.state]]
    if event.is_without_effect:
        return ["dpv:ConsentStatusInvalidForProcessing", "dpv:ExpressedConsent"]
    return ["dpv:RenewedConsentGiven" if event.is_renewal else dpv.STATES["given"], "dpv:ExpressedConsent"]


def _indicated_by(facts: RecordFacts, event: ReceiptEvent) -> dict[str, object]:
    if event.guardian is None:
        acts_itself = event.by in {"self", "staff"} and event.state not in {"requested", "revoked", "invalidated"}
        return {"@id": _urn(facts.subject if acts_itself else facts.controller.id)}
    return {
        "@id": _urn(event.guardian),
        "@type": dpv.GUARDIANS.get(event.relationship, "dpv:GuardianOfDataSubject"),
        **({"dpv:hasJustification": _BY_GUARDIAN} if event.of_child else {}),
    }


_MARK_BYTES = 4
RECEIPT_CODE = r"[A-Z2-7]{32}"
"""Pattern of a code: base32 letters and digits, easily typed from paper."""


def make_receipt_code(event: UUID, key: bytes) -> str:
    """Return an event's code: its id and a keyed MAC. It does not authenticate: a code to the contact on file does."""
    return base64.b32encode(event.bytes + _mark(event, key)).decode()


def find_event_id(code: str, key: bytes) -> UUID | None:
    """Return the event id of a code, in any case and grouping; None if the MAC does not match."""
    try:
        raw = base64.b32decode("".join(code.split()).replace("-", "").upper())
    except ValueError:
        return None
    if len(raw) != len(UUID(int=0).bytes) + _MARK_BYTES:
        return None
    event = UUID(bytes=raw[:-_MARK_BYTES])
    return event if hmac.compare_digest(raw[-_MARK_BYTES:], _mark(event, key)) else None


def _mark(event: UUID, key: bytes) -> bytes:
    return hmac.digest(key, b"receipt" + event.bytes, hashlib.sha256)[:_MARK_BYTES]
