"""Consent records and receipts as ISO/IEC TS 27560:2023 wants them, in JSON-LD and DPV terms. Pure.

A record says what a person was told and answered about one purpose, event after event; a receipt says that one
event of it happened, and is what the person keeps. Both name people by pseudonym only (``urn:uuid``).
A guardian who acts for a child is the person's side: their withdrawal is `ConsentWithdrawn`, indicated by the
guardian; `ConsentRevoked` is what a school or PakTaleem did.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from consent import dpv

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

__all__ = ["Answered", "DataItem", "Party", "Place", "RecordFacts", "Told", "consent_receipt", "consent_record"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where documents, texts and choices are found: absolute addresses of this portal."""

    base: str
    notice: str
    choices: str
    rights: str

    @classmethod
    def of(cls, base: str, client_code: str) -> Place:
        """Give the addresses of one client's pages."""
        notice = f"{base}/privacy/{client_code}/"
        return cls(base, notice, f"{base}/choices/{client_code}/", notice)


@dataclass(frozen=True, slots=True)
class Party:
    """One organisation: its id, name, countries (ISO 3166, that of its seat first), and how it can be reached."""

    id: UUID
    name: str
    countries: tuple[str, ...]
    contact_url: str
    address: str = ""

    @property
    def country(self) -> str:
        """The country of its seat; empty if unknown."""
        return self.countries[0] if self.countries else ""


@dataclass(frozen=True, slots=True)
class Told:
    """The text that was shown: which version of which notice, in which language, with the hash of its content."""

    version: UUID
    number: int
    title: str
    language: str
    content_hash: str
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """One event: who answered what, how, when, on whose behalf, until when, through which system.

    ``reason`` is the code of why we or an authority ended the consent, ``is_renewal`` that it was in force when given.
    """

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
    told: Told | None = None
    reason: str = ""
    is_renewal: bool = False

    @property
    def is_without_effect(self) -> bool:
        """Whether a child gave it itself: no processing rests on it."""
        return self.state == "given" and self.of_child and self.by != "guardian"


@dataclass(frozen=True, slots=True)
class DataItem:
    """One category of personal data that the purpose needs."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What a record is made of, as it stood at its latest event.

    ``of_child`` of an event says whether the person counted as a child then; ``basis`` is the lawful basis in
    force then, ``recipients`` those approved for the purpose then, ``authority`` the name and address of whoever
    supervises, where anybody does.
    """

    record_id: UUID
    subject: UUID
    role: str
    purpose: UUID
    purpose_code: str
    purpose_name: str
    purpose_description: str
    purpose_term: str
    categories: Sequence[DataItem]
    basis: str
    controller: Party
    processor: Party | None
    recipients: Sequence[Party]
    storage_countries: Sequence[str]
    events: Sequence[Answered]
    authority: tuple[str, str] | None = None

    @property
    def latest(self) -> Answered:
        """The event the record ends with."""
        return self.events[-1]


def consent_record(facts: RecordFacts, place: Place) -> dict[str, Any]:
    """Write the record of one person's consent to one purpose, up to its latest event."""
    return {
        "@context": f"{place.base}{dpv.CONTEXT_PATH}",
        "@id": _urn(facts.record_id),
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": dpv.RECORD_PROFILE,
        "dct:identifier": str(facts.record_id),
        "dpv:hasIdentifier": str(facts.record_id),
        "dct:created": _moment(facts.latest.recorded_at),
        "dct:language": sorted({event.language for event in facts.events}),
        "dpv:hasDataSubject": _subject(facts),
        "dpv:hasNotice": _notices(facts, place),
        "dpv:hasProcess": [_process(facts, place)],
        "dpv:hasEntity": [_party(one, roles) for one, roles in _organisations(facts).items()],
        "dpv:hasConsentStatus": [_status(facts, event) for event in facts.events],
    }


def consent_receipt(facts: RecordFacts, place: Place) -> dict[str, Any]:
    """Write the receipt of the record's latest event, with the record inside.

    Its id is the event's, so the same event always has the same receipt.
    """
    record = consent_record(facts, place)
    event = facts.latest
    return {
        "@context": record.pop("@context"),
        "@id": f"{_urn(event.id)}#receipt",
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": dpv.RECEIPT_PROFILE,
        "dct:identifier": str(event.id),
        "dpv:hasIdentifier": str(event.id),
        "dct:created": _moment(event.recorded_at),
        "dct:publisher": _urn(facts.controller.id),
        "dpv:hasRecordOfActivity": [record],
    }


def _urn(id_: UUID) -> str:
    return f"urn:uuid:{id_}"


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _subject(facts: RecordFacts) -> dict[str, Any]:
    kinds = ["dpv:DataSubject"]
    if facts.role in dpv.PEOPLE:
        kinds.append(dpv.PEOPLE[facts.role])
    if facts.latest.of_child:
        kinds.append("dpv:Child")
    return {"@id": _urn(facts.subject), "@type": kinds}


def _notices(facts: RecordFacts, place: Place) -> list[dict[str, Any]]:
    """Give each text once for each language in which it was shown; behind them the privacy policy, always there."""
    told = dict.fromkeys(event.told for event in facts.events if event.told is not None)
    policy = {"@id": place.notice, "@type": "dpv:PrivacyNotice", "schema:url": place.notice}
    consent_notices = [
        {
            "@id": f"{_urn(one.version)}#{one.language}",
            "@type": "dpv:ConsentNotice",
            "dct:title": one.title,
            "dct:language": one.language,
            "dct:hasVersion": str(one.number),
            "dct:issued": _moment(one.effective_at),
            "dct:identifier": f"sha256:{one.content_hash}",
            "schema:url": place.notice,
        }
        for one in told
    ]
    return [*consent_notices, policy]


def _process(facts: RecordFacts, place: Place) -> dict[str, Any]:
    process: dict[str, Any] = {
        "@type": "dpv:Process",
        "dct:title": facts.purpose_name,
        "dpv:hasPurpose": [_purpose(facts)],
        "dpv:hasLegalBasis": dpv.BASES[facts.basis],
        "dpv:hasPersonalData": [_data(item) for item in facts.categories],
        "dpv:hasProcessing": ["dpv:Collect", "dpv:Store", "dpv:Use", *(["dpv:Share"] if facts.recipients else [])],
        "dpv:hasDataSource": "dpv:DataSubjectDataSource",
        "dpv:hasStorageCondition": [*_storage_places(facts), _storage_duration(facts.latest)],
        "dpv:hasProcessingCondition": _processing_places(facts),
        "dpv:hasRule": [_stays_here()],
        "dpv:hasDataController": _urn(facts.controller.id),
        "dpv:hasRecipient": [_urn(one.id) for one in _receiving(facts)],
        "dpv:hasJurisdiction": dpv.country(facts.controller.country),
        "dpv:hasConsentControl": {
            "@type": ["dpv:ManageConsent", "dpv:WithdrawConsent"],
            "dpv:isExercisedAt": place.choices,
        },
        "dpv:hasRight": [
            {"@type": ["dpv:DataSubjectRight", right], "dpv:isExercisedAt": place.rights} for right in dpv.RIGHTS
        ],
    }
    if facts.processor is not None:
        process["dpv:hasDataProcessor"] = _urn(facts.processor.id)
    if facts.authority is not None:
        name, contact = facts.authority
        process["dpv:hasAuthority"] = {"@type": "dpv:Authority", "dpv:hasName": name, "dpv:hasContact": contact}
    return process


def _receiving(facts: RecordFacts) -> list[Party]:
    """Give who else gets the data: a processor is a recipient too (GDPR Art. 4(9))."""
    return [*([facts.processor] if facts.processor else []), *facts.recipients]


def _purpose(facts: RecordFacts) -> dict[str, Any]:
    purpose: dict[str, Any] = {
        "@id": _urn(facts.purpose),
        "@type": "dpv:Purpose",
        "dct:identifier": facts.purpose_code,
        "dct:title": facts.purpose_name,
        "dct:description": facts.purpose_description,
    }
    if dpv.is_purpose_term(facts.purpose_term):
        purpose["skos:broader"] = facts.purpose_term
    return purpose


def _data(item: DataItem) -> dict[str, Any]:
    return {
        "@type": "dpv:PersonalData",
        "dct:identifier": item.code,
        "dct:title": item.name,
        "dpv:hasNecessity": "dpv:Required",
        "skos:broader": dpv.CATEGORIES.get(item.code, "dpv:PersonalData"),
    }


def _storage_places(facts: RecordFacts) -> list[dict[str, Any]]:
    return [{"@type": "dpv:StorageLocation", "dpv:hasLocation": dpv.country(code)} for code in facts.storage_countries]


def _processing_places(facts: RecordFacts) -> list[dict[str, Any]]:
    """Give every country in which the data is worked with: where it lies, and where whoever receives it is."""
    codes = [*facts.storage_countries, *(code for one in facts.recipients for code in one.countries)]
    places = dict.fromkeys(dpv.country(code) for code in codes)
    return [{"@type": "dpv:ProcessingLocation", "dpv:hasLocation": one} for one in places]


def _stays_here() -> dict[str, Any]:
    text = "The data goes to no recipient and to no country that is not named here."
    return {"@type": "dpv:Prohibition", "dct:description": text}


def _storage_duration(event: Answered) -> dict[str, Any]:
    """Say how long the data is kept on this consent: while it holds; afterwards until the rules dispose of it."""
    after = {"@type": "dpv:UntilEventDuration", "rdf:value": "the retention rules dispose of it"}
    kept = _duration(event) if event.state == "given" else after
    return {"@type": "dpv:StorageDuration", "dpv:hasDuration": kept}


def _duration(event: Answered) -> dict[str, Any]:
    """Say how long an answer holds: a consent until its expiry, else until the person changes their mind."""
    if event.state != "given":
        return {"@type": "dpv:UntilEventDuration", "rdf:value": "the person answers anew"}
    if event.expires_at is None:
        return {"@type": "dpv:UntilEventDuration", "rdf:value": "the consent is withdrawn, revoked or renewed"}
    until = {"@value": _moment(event.expires_at), "@type": "xsd:dateTime"}
    return {"@type": "dpv:UntilTimeDuration", "rdf:value": until}


def _organisations(facts: RecordFacts) -> dict[Party, list[str]]:
    """Map each organisation to its parts in the processing."""
    parts: dict[Party, list[str]] = {facts.controller: ["dpv:DataController"]}
    if facts.processor is not None:
        parts.setdefault(facts.processor, []).append("dpv:DataProcessor")
    for one in facts.recipients:
        parts.setdefault(one, []).append("dpv:Recipient")
    return parts


def _party(party: Party, roles: Sequence[str]) -> dict[str, Any]:
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


def _status(facts: RecordFacts, event: Answered) -> dict[str, Any]:
    status: dict[str, Any] = {
        "@id": _urn(event.id),
        "@type": _kinds(event),
        "dct:identifier": str(event.id),
        "dpv:hasLegalBasis": dpv.BASES[facts.basis],
        "dpv:isIndicatedAtTime": _moment(event.recorded_at),
        "dpv:isIndicatedBy": _indicated_by(facts, event),
        "dpv:hasIndicationMethod": event.method,
        "dpv:hasDuration": _duration(event),
    }
    if event.actor is not None:
        status["dpv:isImplementedByEntity"] = _urn(event.actor)
    if event.is_without_effect:
        status["dpv:hasJustification"] = _without_effect()
    elif event.reason:
        status["dpv:hasJustification"] = {"@type": "dpv:Justification", "dct:identifier": event.reason}
    return status


def _kinds(event: Answered) -> list[str]:
    if event.state != "given":
        return [dpv.STATES[event.state]]
    if event.is_without_effect:
        return ["dpv:ConsentStatusInvalidForProcessing", "dpv:ExpressedConsent"]
    return ["dpv:RenewedConsentGiven" if event.is_renewal else dpv.STATES["given"], "dpv:ExpressedConsent"]


def _indicated_by(facts: RecordFacts, event: Answered) -> dict[str, Any]:
    if event.guardian is None:
        acts_itself = event.by in {"self", "staff"} and event.state not in {"requested", "revoked", "invalidated"}
        return {"@id": _urn(facts.subject if acts_itself else facts.controller.id)}
    return {
        "@id": _urn(event.guardian),
        "@type": dpv.GUARDIANS.get(event.relationship, "dpv:GuardianOfDataSubject"),
        **({"dpv:hasJustification": _justification()} if event.of_child else {}),
    }


def _without_effect() -> dict[str, Any]:
    text = "The person was below the age at which they decide alone, and no guardian gave this consent."
    return {"@type": "dpv:Justification", "dct:identifier": "not_by_guardian", "dct:description": text}


def _justification() -> dict[str, Any]:
    text = "The person was below the age at which they decide alone; the guardian decides for them."
    return {"@type": "dpv:Justification", "dct:description": text}
