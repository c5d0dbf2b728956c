"""Words for the record of processing, in the language of the page."""

from collections.abc import Iterable

from django.utils.translation import get_language, gettext

from consent.agreements.models import ContactKind
from consent.register.compiled import Basis, Capacity
from consent.register.models.agreements import TransferGround
from consent.register.models.purposes import BASES, CAPACITIES, ROLES
from retention.records.models import AssessmentOutcome
from retention.records.record import Activity, Gap, GapKind, Named, ProcessingRecord, RecordContact
from retention.schedule.labels import describe_period


def list_headings() -> tuple[str, ...]:
    """Return the headings of the record's columns."""
    return (
        gettext("Activity"),
        gettext("Purpose"),
        gettext("Part"),
        gettext("Legal basis"),
        gettext("People"),
        gettext("Data categories"),
        gettext("Recipients"),
        gettext("Countries"),
        gettext("Ground of a transfer"),
        gettext("Retention"),
        gettext("Impact assessment"),
    )


def list_file_headings() -> tuple[str, ...]:
    """Return the headings of a file: each of its lines also says what is the same for all activities."""
    same = (gettext("Countries of storage"), gettext("Measures"), gettext("Client"), gettext("Contacts"))
    return (*list_headings(), *same)


def to_cells(one: Activity) -> tuple[str, ...]:
    """Return an activity as texts, one for each heading."""
    return (
        one.purpose.name,
        one.description,
        str(CAPACITIES[Capacity(one.capacity)]),
        "; ".join(f"{BASES[Basis(basis)]} ({_roles(roles)})" for basis, roles in one.bases),
        _roles(one.roles),
        _names(one.categories),
        "; ".join(f"{to.name}, {to.service} ({_names(to.categories)})" for to in one.recipients),
        ", ".join(one.countries),
        "; ".join(f"{to.name}: {TransferGround(to.ground).label}" for to in one.recipients if to.ground),
        "; ".join(
            f"{category.name}: {' / '.join(map(describe_period, kept)) or gettext('no rule')}"
            for category, kept in one.retention
        ),
        _describe_assessment(one),
    )


def list_file_rows(record: ProcessingRecord) -> list[tuple[str, ...]]:
    """Return the activities of a record as texts, one for each heading of a file."""
    client = ", ".join(filter(None, (record.client, record.address)))
    contacts = "; ".join(describe_contact(one) for one in record.contacts)
    same = (", ".join(record.storage_countries), "; ".join(list_measures()), client, contacts)
    return [(*to_cells(one), *same) for one in record.activities]


def describe_contact(one: RecordContact) -> str:
    """Return the part of a contact and the code of the person."""
    return f"{ContactKind(one.kind).label}: {one.code}"


def list_measures() -> list[str]:
    """Return the measures that protect all data (policy §5; GDPR Art. 32), in the order of ``MEASURES``."""
    return [
        gettext("Encryption at rest, with a key for each person"),
        gettext("Encryption in transit"),
        gettext("Access by role, separated by client"),
        gettext("Sign-in with a second factor"),
        gettext("Monitoring, and a log of every access to personal data"),
        gettext("Pseudonyms in evidence and logs"),
    ]


def describe_gap(gap: Gap) -> str:
    """Return a gap as a sentence about what is to be done."""
    words = {
        GapKind.NO_BASIS: gettext("{purpose}: name a lawful basis."),
        GapKind.NOT_BALANCED: gettext("{purpose}: sign the balancing test of the legitimate interest."),
        GapKind.NO_RETENTION: gettext("{purpose}: set a retention rule for {about}."),
        GapKind.NO_COUNTRY: gettext("{purpose}: name the countries of {about}."),
        GapKind.NO_ASSESSMENT: gettext("{purpose}: assess the impact; it shows the behaviour of children."),
        GapKind.ASSESSMENT_DUE: gettext("{purpose}: review the impact assessment {about}."),
        GapKind.HIGH_RISK: gettext("{purpose}: the remaining risk is high ({about}); ask the authority first."),
        GapKind.NO_TERM: gettext("{purpose}: name the broader purpose (DPV term)."),
    }
    return words[gap.kind].format(purpose=gap.purpose.name, about=gap.about)


def _roles(roles: Iterable[str]) -> str:
    labels = dict(ROLES)
    return _list(str(labels[role]) for role in roles)


def _names(named: Iterable[Named]) -> str:
    return _list(one.name for one in named)


def _list(names: Iterable[str]) -> str:
    return ("، " if get_language() == "ur" else ", ").join(names)


def _describe_assessment(one: Activity) -> str:
    if one.assessment is None:
        return ""
    outcome = AssessmentOutcome(one.assessment.outcome).label
    day = f"{one.assessment.review_on:%Y-%m-%d}"
    return gettext("{document}: {outcome}; review on {day}").format(
        document=one.assessment.reference, outcome=outcome, day=day
    )
