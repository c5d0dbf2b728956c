"""The record of processing as JSON-LD in terms of the W3C Data Privacy Vocabulary (DPV 2.3). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consent.register import dpv

if TYPE_CHECKING:
    from retention.records.record import Activity, ProcessingRecord, RecordRecipient


MEASURES = (
    "dpv:EncryptionAtRest",
    "dpv:EncryptionInTransfer",
    "dpv:AccessControlMethod",
    "dpv:AuthenticationProtocols",
    "dpv:ActivityMonitoring",
    "dpv:SecurityAssessment",
    "dpv:Pseudonymisation",
)
"""The technical and organisational measures of the portal and the platform (policy §5)."""
GROUNDS = {
    "adequacy": "eu-gdpr:A45-3",
    "clauses": "eu-gdpr:A46-2-c",
    "corporate_rules": "eu-gdpr:A46-2-b",
    "consent": "eu-gdpr:A49-1-a",
    "contract": "eu-gdpr:A49-1-b",
    "legal_claim": "eu-gdpr:A49-1-e",
}
"""Grounds of transfers to another country → the points of GDPR articles 45 to 49."""
_OWN_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dpv:hasTechnicalOrganisationalMeasure": {"@type": "@id"},
    "dct:modified": {"@type": "http://www.w3.org/2001/XMLSchema#date"},
}


def build_document(record: ProcessingRecord, *, base: str) -> dict[str, Any]:
    """Return the document of a record; ``base`` is the portal's public URL.

    It contains its context, so that it can be read offline. Codes of the register are identifiers under ``base``.
    """
    client = _page_of(record.code, base)
    return {
        "@context": [dpv.CONTEXT["@context"], _OWN_CONTEXT],
        "@id": f"{client}#record-{record.on:%Y-%m-%d}",
        "@type": ["dpv:ROPA", "dcat:Catalog"],
        "dct:title": record.client,
        "dct:modified": f"{record.on:%Y-%m-%d}",
        "dpv:hasEntity": _serialize_client(record, client),
        "dpv:hasProcess": [_serialize_activity(record, one, base) for one in record.activities],
        "dpv:hasTechnicalOrganisationalMeasure": list(MEASURES),
    }


def _page_of(code: str, base: str) -> str:
    return f"{base}/privacy/{code}/"


def _serialize_activity(record: ProcessingRecord, one: Activity, base: str) -> dict[str, Any]:
    client = _page_of(record.code, base)
    document: dict[str, Any] = {
        "@id": f"{client}#activity-{one.purpose.code}",
        "@type": "dpv:PersonalDataProcess",
        "dct:title": one.purpose.name,
        "dct:description": one.description,
        "dpv:hasPurpose": _term(f"{client}#purpose-{one.purpose.code}", one.term),
        "dpv:hasLegalBasis": [dpv.BASES[basis] for basis, _roles in one.bases],
        "dpv:hasDataSubject": _people(record, one),
        "dpv:hasPersonalData": [
            _term(f"{client}#data-{category.code}", dpv.CATEGORIES.get(category.code, ""), category.name)
            for category in one.categories
        ],
        "dpv:hasRecipient": [_serialize_recipient(to, client) for to in one.recipients],
        "dpv:hasProcessing": [_serialize_transfer(to, client) for to in one.recipients if to.ground in GROUNDS],
        "dpv:hasStorageCondition": _storage(record, one),
        **_list_parties(record, one, base),
    }
    if one.assessment is not None:
        document["dpv:hasImpactAssessment"] = {"@type": "dpv:DPIA", "dct:title": one.assessment.reference}
    return document


def _list_parties(record: ProcessingRecord, one: Activity, base: str) -> dict[str, list[dict[str, str]]]:
    """Return the controllers and the processor; joint controllers are two controllers, as in receipts.

    In PakTaleem's own record, the other controllers are its clients.
    """
    named = {"@id": f"{_page_of(record.code, base)}#client", "dpv:hasName": record.client}
    if record.is_own:
        ours = named
        theirs = [{"@id": f"{_page_of(to.code, base)}#client", "dpv:hasName": to.name} for to in record.clients]
    else:
        ours = {"@id": f"{_page_of(record.code, base)}#paktaleem", "dpv:hasName": "PakTaleem"}
        theirs = [named]
    if one.capacity == "controller":
        return {"dpv:hasDataController": [ours]}
    if one.capacity == "joint_controller":
        return {"dpv:hasDataController": [*theirs, ours]}
    return {"dpv:hasDataController": theirs, "dpv:hasDataProcessor": [ours]}


def _term(identifier: str, broader: str, name: str = "") -> dict[str, Any]:
    return {
        "@id": identifier,
        **({"skos:prefLabel": name} if name else {}),
        **({"skos:broader": broader} if broader else {}),
    }


def _people(record: ProcessingRecord, one: Activity) -> list[str]:
    kinds = {dpv.PEOPLE.get(role, "dpv:DataSubject") for role in one.roles}
    if "guardian" in one.roles:
        kinds |= {"dpv:GuardianOfDataSubject"}
    if record.serves_minors and "student" in one.roles:
        kinds |= {"dpv:Child"}
    return sorted(kinds)


def _serialize_recipient(to: RecordRecipient, client: str) -> dict[str, Any]:
    return {
        "@id": f"{client}#recipient-{to.code}",
        "@type": "dpv:Recipient",
        "dpv:hasName": to.name,
        "dpv:hasLocation": [dpv.country(code) for code in to.countries],
    }


def _serialize_transfer(to: RecordRecipient, client: str) -> dict[str, Any]:
    return {
        "@type": "dpv:CrossBorderTransfer",
        "dpv:hasRecipient": f"{client}#recipient-{to.code}",
        "dpv:hasLegalBasis": GROUNDS[to.ground],
    }


def _serialize_client(record: ProcessingRecord, client: str) -> dict[str, Any]:
    return {
        "@id": f"{client}#client",
        "@type": "dpv:LegalEntity",
        "dpv:hasName": record.client,
        **({"dpv:hasAddress": record.address} if record.address else {}),
        "dpv:hasContact": [one.code for one in record.contacts if one.kind != "dpo"],
        "dpv:hasDataProtectionOfficer": [
            {"@id": f"{client}#{one.code}", "@type": "dpv:DataProtectionOfficer"}
            for one in record.contacts
            if one.kind == "dpo"
        ],
    }


def _storage(record: ProcessingRecord, one: Activity) -> list[dict[str, Any]]:
    durations = sorted({period for _category, periods in one.retention for period in periods})
    return [
        *({"@type": "dpv:StorageDuration", "dpv:hasDuration": period} for period in durations),
        {"@type": "dpv:StorageLocation", "dpv:hasLocation": [dpv.country(code) for code in record.storage_countries]},
    ]
