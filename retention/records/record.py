"""The record of processing as plain values, and its gaps. Pure.

The picture has five columns of boxes and lines between neighbours. Lengths are in units of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from consent.register import dpv

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from uuid import UUID

    from retention.data_map.lines import PortalLine


_WATCHED = frozenset({"usage_logs", "device"})
"""Categories that show a person's behaviour."""


@dataclass(frozen=True, slots=True)
class Named:
    """A code of the register and its name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class RecordCategory(Named):
    """A data category of an activity: the register names it, or systems declare it in the data map, or both."""

    is_registered: bool
    is_declared: bool


@dataclass(frozen=True, slots=True)
class RecordRecipient:
    """A recipient of an activity, its categories, countries (ISO 3166) and ground of transfer; empty: not needed."""

    code: str
    name: str
    service: str
    categories: tuple[Named, ...]
    countries: tuple[str, ...]
    ground: str


@dataclass(frozen=True, slots=True)
class RecordSystem:
    """A system's line of the data map for an activity; ``is_confirmed`` if the client has confirmed it."""

    name: str
    category: str
    countries: tuple[str, ...]
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class RecordContact:
    """A privacy contact or data protection officer of the client; ``code`` stands for the name, which is sealed."""

    kind: str
    code: str
    person: UUID


@dataclass(frozen=True, slots=True)
class Assessment:
    """The impact assessment in force: its name, the remaining risk, its review day.

    ``is_unanswered``: the remaining risk is high, and the authority's answer is not recorded (GDPR Art. 36).
    """

    name: str
    risk: str
    review_on: date
    is_unanswered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One processing activity of a client: a line of the record (GDPR Art. 30(1)(b) to (g)).

    ``capacity`` is PakTaleem's part, ``unbalanced`` a legitimate interest without a signed test. ``retention`` has ISO
    8601 periods for each category; none is a gap. ``is_denied``: it needs an impact assessment that is not in force.
    ``is_own``: the client's own purpose, so that the client assesses its impact, not PakTaleem.
    """

    purpose: Named
    description: str
    term: str
    capacity: str
    bases: tuple[tuple[str, tuple[str, ...]], ...]
    unbalanced: bool
    categories: tuple[RecordCategory, ...]
    recipients: tuple[RecordRecipient, ...]
    systems: tuple[RecordSystem, ...]
    retention: tuple[tuple[RecordCategory, tuple[str, ...]], ...]
    assessment: Assessment | None
    is_denied: bool
    is_own: bool

    @property
    def roles(self) -> tuple[str, ...]:
        """Return the roles of the people concerned."""
        return tuple(sorted({role for _basis, roles in self.bases for role in roles}))

    @property
    def countries(self) -> tuple[str, ...]:
        """Return the countries of the recipients, and those where systems store the data by the data map."""
        places = [*(one.countries for one in self.recipients), *(one.countries for one in self.systems)]
        return tuple(sorted({country for countries in places for country in countries}))


class GapKind(StrEnum):
    """Kind of gap in the record."""

    NO_BASIS = "no_basis"
    NOT_REGISTERED = "not_registered"
    NOT_BALANCED = "not_balanced"
    NO_RETENTION = "no_retention"
    NO_COUNTRY = "no_country"
    NO_ASSESSMENT = "no_assessment"
    DENIED = "denied"
    ASSESSMENT_DUE = "assessment_due"
    HIGH_RISK = "high_risk"
    NO_TERM = "no_term"
    NO_PURPOSE = "no_purpose"


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap: its kind, the activity, and the category or recipient concerned.

    Of data without a purpose, ``purpose`` is the category and ``about`` the system.
    """

    kind: GapKind
    purpose: Named
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingRecord:
    """The record of a client on a day; PakTaleem's own (``is_own``) names its ``clients`` (Art. 30(2)(a)).

    ``portal`` is what the portal itself holds: it is a system, too. ``without_purpose`` are the categories, with the
    system, that the data map names for no active purpose.
    """

    client: str
    code: str
    on: date
    serves_minors: bool
    activities: tuple[Activity, ...]
    address: str
    contacts: tuple[RecordContact, ...]
    storage_countries: tuple[str, ...]
    is_own: bool
    clients: tuple[Named, ...]
    portal: tuple[PortalLine, ...]
    without_purpose: tuple[tuple[Named, str], ...]


def find_gaps(record: ProcessingRecord) -> list[Gap]:
    """Return the gaps by activity; children's behaviour needs an impact assessment (GDPR Art. 35(1); WP 248)."""
    found = [Gap(GapKind.NO_PURPOSE, category, system) for category, system in record.without_purpose]
    for one in record.activities:
        found += [
            *([Gap(GapKind.NO_BASIS, one.purpose)] if not one.bases else []),
            *([Gap(GapKind.NOT_BALANCED, one.purpose)] if one.unbalanced else []),
            *(Gap(GapKind.NOT_REGISTERED, one.purpose, held.name) for held in one.categories if not held.is_registered),
            *(
                Gap(GapKind.NO_RETENTION, one.purpose, category.name)
                for category, kept in one.retention
                if category.is_registered and not kept  # another one gets a rule once the register names it
            ),
            *(Gap(GapKind.NO_COUNTRY, one.purpose, to.name) for to in one.recipients if not to.countries),
            *([Gap(GapKind.NO_TERM, one.purpose)] if not one.term else []),
            *_assessment_gaps(record, one),
        ]
    return found


def _assessment_gaps(record: ProcessingRecord, one: Activity) -> list[Gap]:
    if one.assessment is not None and one.assessment.is_unanswered:
        return [Gap(GapKind.HIGH_RISK, one.purpose)]
    if one.is_denied:
        return [Gap(GapKind.DENIED, one.purpose)]
    if one.assessment is not None:
        return [Gap(GapKind.ASSESSMENT_DUE, one.purpose)] if one.assessment.review_on <= record.on else []
    is_watched = record.serves_minors and any(category.code in _WATCHED for category in one.categories)
    return [Gap(GapKind.NO_ASSESSMENT, one.purpose)] if is_watched and one.is_own else []


BOX = (150, 26)
"""Width and height of a box."""
_COLUMNS, _GAP, _ROW, _TOP, _LONGEST = 5, 60, 34, 6, 22
WIDTH = _COLUMNS * BOX[0] + (_COLUMNS - 1) * _GAP


@dataclass(frozen=True, slots=True)
class Box:
    """A box with its full name and the part that fits; ``x`` and ``y`` are its upper left corner."""

    column: int
    name: str
    text: str
    x: int
    y: int

    @property
    def middle(self) -> int:
        """Return the horizontal centre, for the text."""
        return self.x + BOX[0] // 2

    @property
    def baseline(self) -> int:
        return self.y + 17


@dataclass(frozen=True, slots=True)
class FlowPicture:
    """The picture: its size, its boxes, and the lines between them as SVG paths."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[str, ...]


def draw_flows(record: ProcessingRecord, *, mirrored: bool = False) -> FlowPicture:
    """Return the picture of a record; ``mirrored`` for languages that are written from right to left."""
    names, links = _collect(record)
    height = _TOP * 2 + max(len(column) for column in names) * _ROW
    boxes = {
        (column, name): _place(column, name, row, len(found), height, mirrored=mirrored)
        for column, found in enumerate(names)
        for row, name in enumerate(found)
    }
    lines = tuple(
        _connect(boxes[column, start], boxes[column + 1, end], mirrored=mirrored) for column, start, end in links
    )
    return FlowPicture(WIDTH, height, tuple(boxes.values()), lines)


def _collect(record: ProcessingRecord) -> tuple[list[list[str]], list[tuple[int, str, str]]]:
    links: dict[tuple[int, str, str], None] = {}
    for one in record.activities:
        links[0, record.client, one.purpose.name] = None
        for category in one.categories:
            links[1, one.purpose.name, category.name] = None
        for recipient in one.recipients:
            for shared in recipient.categories:
                links[2, shared.name, recipient.name] = None
            for country in recipient.countries:
                links[3, recipient.name, country] = None
    names: list[dict[str, None]] = [{record.client: None}, {}, {}, {}, {}]
    for column, _start, end in links:
        names[column + 1][end] = None
    return [list(column) for column in names], list(links)


def _place(column: int, name: str, row: int, rows: int, height: int, *, mirrored: bool) -> Box:
    x = column * (BOX[0] + _GAP)
    y = (height - rows * _ROW) // 2 + row * _ROW + (_ROW - BOX[1]) // 2
    text = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    return Box(column, name, text, WIDTH - x - BOX[0] if mirrored else x, y)


def _connect(start: Box, end: Box, *, mirrored: bool) -> str:
    from_x, to_x = (start.x, end.x + BOX[0]) if mirrored else (start.x + BOX[0], end.x)
    from_y, to_y = start.y + BOX[1] // 2, end.y + BOX[1] // 2
    half = (from_x + to_x) // 2
    return f"M{from_x} {from_y}C{half} {from_y} {half} {to_y} {to_x} {to_y}"


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
    """Return a record as JSON-LD with its context; codes are identifiers under ``base``, the portal's public URL."""
    client = _page_of(record.code, base)
    return {
        "@context": [dpv.CONTEXT["@context"], _OWN_CONTEXT],
        "@id": f"{client}#record-{record.on:%Y-%m-%d}",
        "@type": ["dpv:ROPA", "dcat:Catalog"],
        "dct:title": record.client,
        "dct:modified": f"{record.on:%Y-%m-%d}",
        "dpv:hasEntity": _serialize_client(record, client),
        "dpv:hasProcess": [_serialize_activity(record, one, base) for one in record.activities],
        "dpv:hasPersonalData": [_serialize_holding(record, one, client) for one in record.portal],
        "dpv:hasTechnicalOrganisationalMeasure": list(MEASURES),
    }


def _serialize_holding(record: ProcessingRecord, one: PortalLine, client: str) -> dict[str, object]:
    """Return what the portal itself holds of one kind."""
    durations = [{"@type": "dpv:StorageDuration", "dpv:hasDuration": one.duration}] if one.duration else []
    return {
        "@id": f"{client}#portal-{one.code}",
        "dct:title": one.name,
        "dct:description": f"{one.counted_from}: {one.disposal}",
        "skos:broader": [dpv.CATEGORIES[code] for code in one.categories if code in dpv.CATEGORIES],
        "dpv:hasStorageCondition": [*durations, _serialize_places(record.storage_countries)],
    }


def _serialize_places(countries: Iterable[str]) -> dict[str, object]:
    return {"@type": "dpv:StorageLocation", "dpv:hasLocation": [*map(dpv.country, countries)]}


def _page_of(code: str, base: str) -> str:
    return f"{base}/privacy/{code}/"


def _serialize_activity(record: ProcessingRecord, one: Activity, base: str) -> dict[str, object]:
    client = _page_of(record.code, base)
    stored_in = sorted({*record.storage_countries, *(code for to in one.systems for code in to.countries)})
    durations = sorted({period for _category, periods in one.retention for period in periods})
    document: dict[str, object] = {
        "@id": f"{client}#activity-{one.purpose.code}",
        "@type": "dpv:PersonalDataProcess",
        "dct:title": one.purpose.name,
        "dct:description": one.description,
        "dpv:hasPurpose": _term(f"{client}#purpose-{one.purpose.code}", one.term),
        "dpv:hasLegalBasis": [dpv.BASES[basis] for basis, _roles in one.bases],
        "dpv:hasDataSubject": _people(record, one),
        "dpv:hasPersonalData": [
            _term(f"{client}#data-{category.code}", dpv.CATEGORIES.get(category.code, ""), category.name)
            | {"dct:source": _name_sources(category)}
            for category in one.categories
        ],
        "dpv:hasRecipient": [
            {
                "@id": f"{client}#recipient-{to.code}",
                "@type": "dpv:Recipient",
                "dpv:hasName": to.name,
                "dpv:hasLocation": [dpv.country(code) for code in to.countries],
            }
            for to in one.recipients
        ],
        "dpv:hasProcessing": [
            {
                "@type": "dpv:CrossBorderTransfer",
                "dpv:hasRecipient": f"{client}#recipient-{to.code}",
                "dpv:hasLegalBasis": GROUNDS[to.ground],
            }
            for to in one.recipients
            if to.ground in GROUNDS
        ],
        "dpv:hasStorageCondition": [
            *({"@type": "dpv:StorageDuration", "dpv:hasDuration": period} for period in durations),
            _serialize_places(stored_in),
        ],
        **_list_parties(record, one, base),
    }
    if one.assessment is not None:
        document["dpv:hasImpactAssessment"] = {"@type": "dpv:DPIA", "dct:title": one.assessment.name}
    return document


def _name_sources(category: RecordCategory) -> list[str]:
    sources = {"register": category.is_registered, "data map": category.is_declared}
    return [name for name, applies in sources.items() if applies]


def _list_parties(record: ProcessingRecord, one: Activity, base: str) -> dict[str, list[dict[str, str]]]:
    """Return controllers and processor; in PakTaleem's own record its clients are the other controllers."""
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


def _term(identifier: str, broader: str, name: str = "") -> dict[str, object]:
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


def _serialize_client(record: ProcessingRecord, client: str) -> dict[str, object]:
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
