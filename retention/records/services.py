"""The record of processing, computed from what is in force; rows of its own would soon differ from what is done."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.translation import get_language, gettext

from consent.agreements.models import ContactKind
from consent.agreements.selectors import list_clients_with_agreement, list_contacts, list_parts
from consent.notices.selectors.registers import current_register, find_purposes, map_category_names
from consent.register.compiled import Basis, Capacity, Register
from consent.register.models.agreements import Recipient, TransferGround
from consent.register.models.assessments import Assessment as ImpactAssessment, AssessmentKind, ResidualRisk
from consent.register.models.purposes import BASES, CAPACITIES, ROLES, Purpose
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.data_map.lines import PortalLine
from retention.data_map.models import MapLine
from retention.data_map.portal import list_portal_lines
from retention.records.record import (
    Activity,
    Assessment,
    Gap,
    GapKind,
    Named,
    ProcessingRecord,
    RecordCategory,
    RecordContact,
    RecordRecipient,
    RecordSystem,
    find_gaps,
)
from retention.schedule.labels import describe_period
from retention.schedule.selectors import list_schedule

_ROLES = tuple(code for code, _ in ROLES)
_EPOCH, _COUNTED_EVERY = datetime(1970, 1, 1, tzinfo=UTC), timedelta(minutes=5)
_STATE = """
SELECT
    (SELECT string_agg(version || '/' || xmin, ' ' ORDER BY client_id)
        FROM consent_registerversion WHERE client_id = ANY (%(owners)s)),
    (SELECT history_id FROM schedule_historicalretentionrule WHERE client_id = ANY (%(owners)s)
        ORDER BY history_id DESC LIMIT 1),
    (SELECT history_id FROM data_map_historicalmapline WHERE client_id = ANY (%(owners)s)
        ORDER BY history_id DESC LIMIT 1)
"""
"""Values that change with everything on which gaps depend; ``xmin`` differs even if a rolled-back version is reused."""


def list_controllers(*, at: datetime) -> tuple[Named, ...]:
    """List the clients with an agreement in force, by name, for PakTaleem's own record. Runs in the officers' view."""
    rows = Client.objects.filter(pk__in=list_clients_with_agreement(at=at)).order_by("name", "code")
    return tuple(Named(code, name) for code, name in rows.values_list("code", "name"))


def build_record(client: Client, *, at: datetime, language: str, clients: tuple[Named, ...] = ()) -> ProcessingRecord:
    """Return a client's record of processing at ``at`` (GDPR Art. 30), for callers that may read it, in its context."""
    register = current_register(client.pk)
    periods: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in list_schedule(client.pk, at=at, language=language):
        periods[line.purpose.code, line.category].append(line.rule.period if line.rule else "")
    active = sorted(rule.code for rule in register.purposes.values() if rule.active)

    owners = {client.pk, PAKTALEEM}
    recipients = sorted(Recipient.objects.filter(client_id__in=owners), key=lambda one: one.client_id == client.pk)
    purposes = find_purposes(client.pk, active)
    contacts = list_contacts(client.pk, at=at).filter(kind__in=[ContactKind.PRIVACY, ContactKind.DPO])
    found = _Sources(
        register=register,
        names=map_category_names(client.pk, language=language),
        periods=periods,
        recipients={row.code: row for row in recipients},
        assessments={
            row.purpose_id: _to_assessment(row)
            for row in _ASSESSED.filter(client_id__in=owners).select_related("purpose", "recipient")
        },
        capacities={one.purpose.code: one.part.value for one in list_parts(client.pk, at=at)},
        lines=list(MapLine.objects.current().filter(client_id=client.pk).select_related("system")),
        client_id=client.pk,
        at=at,
        language=language,
    )
    return ProcessingRecord(
        client=client.name,
        code=client.code,
        on=client.day_at(at),
        serves_minors=client.serves_minors,
        activities=tuple(found.build(purposes[code]) for code in active if code in purposes),
        address=" ".join(client.address.split()),
        contacts=tuple(
            RecordContact(row.kind, row.subject.external_id or str(row.subject_id), row.subject_id)
            for row in contacts.order_by("kind", "starts_at", "pk")
        ),
        storage_countries=tuple(settings.STORAGE_COUNTRIES),
        is_own=client.pk == PAKTALEEM,
        clients=clients,
        portal=list_portal_lines(client.pk),
        without_purpose=tuple(found.list_without_purpose({*active})),
    )


_ASSESSED = ImpactAssessment.objects.current().filter(kind=AssessmentKind.IMPACT)


def _to_assessment(row: ImpactAssessment) -> Assessment:
    return Assessment(str(row), row.residual_risk, row.review_on, is_unanswered=row.counts_from is None)


def count_gaps(client_id: UUID, *, at: datetime) -> int:
    """Return the number of gaps in a client's record; one query while nothing changes.

    It is remembered in this process, and counted again after a change, and every five minutes.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STATE, {"owners": [client_id, PAKTALEEM]})
        state = cursor.fetchone()
    return _count_gaps(client_id, state, at + (_EPOCH - at) % _COUNTED_EVERY)


@lru_cache(maxsize=2_000)
def _count_gaps(client_id: UUID, state: tuple[object, ...], at: datetime) -> int:
    del state  # part of the key only
    with in_client(client_id):
        client = Client.objects.filter(pk=client_id).first()
        return 0 if client is None else len(find_gaps(build_record(client, at=at, language="en")))


@dataclass(frozen=True, kw_only=True)
class _Sources:
    register: Register
    names: Mapping[str, str]
    periods: Mapping[tuple[str, str], list[str]]
    recipients: Mapping[str, Recipient]
    assessments: Mapping[UUID | None, Assessment]
    capacities: Mapping[str, str]
    lines: Sequence[MapLine]
    client_id: UUID
    at: datetime
    language: str

    def build(self, purpose: Purpose) -> Activity:
        urdu = self.language == "ur"
        declared = {line.category for line in self.lines if purpose.code in line.purposes}
        categories = tuple(
            RecordCategory(code, self.names.get(code, code), code in purpose.categories, code in declared)
            for code in sorted({*purpose.categories, *declared})
        )
        bases, unbalanced = self._bases(purpose.code)
        periods = ((one, {*self.periods.get((purpose.code, one.code), [""])}) for one in categories)
        gates = (gate for gate in self.register.purposes[purpose.code].gates if gate.kind == AssessmentKind.IMPACT)
        return Activity(
            purpose=Named(purpose.code, purpose.name_ur if urdu else purpose.name_en),
            description=purpose.description_ur if urdu else purpose.description_en,
            term=purpose.dpv_term,
            capacity=self.capacities.get(purpose.code, Capacity.PROCESSOR.value),
            bases=bases,
            unbalanced=unbalanced,
            categories=categories,
            recipients=self._recipients_of(purpose.code, categories),
            systems=tuple(self._systems_of(purpose.code)),
            retention=tuple((one, () if "" in kept else tuple(sorted(kept))) for one, kept in periods),
            assessment=self.assessments.get(purpose.pk),
            is_denied=any(gate.find(self.at) is None for gate in gates),
            is_own=purpose.client_id == self.client_id,
        )

    def _bases(self, purpose: str) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], bool]:
        roles: dict[str, list[str]] = defaultdict(list)
        unbalanced = False
        for role in _ROLES:
            rule = self.register.basis_in_force(purpose, role, self.at)
            if rule is None:
                continue
            roles[rule.basis].append(role)
            signed_at = rule.balancing_test_at
            is_signed = signed_at is not None and signed_at <= self.at
            unbalanced |= rule.basis == Basis.LEGITIMATE_INTEREST and not is_signed
        return tuple((basis, tuple(found)) for basis, found in sorted(roles.items())), unbalanced

    def _recipients_of(self, purpose: str, categories: Iterable[Named]) -> tuple[RecordRecipient, ...]:
        found = []
        for code, rule in sorted(self.register.recipients.items()):
            shared = tuple(
                one
                for one in categories
                if any(approval.covers(purpose, frozenset({one.code}), self.at) for approval in rule.approvals)
            )
            row = self.recipients.get(code)
            if shared and row is not None:
                service, ground = row.describe_service(self.language), row.transfer_ground
                found.append(RecordRecipient(code, row.name, service, shared, row.list_countries(), ground))
        return tuple(found)

    def _systems_of(self, purpose: str) -> Iterable[RecordSystem]:
        for line in sorted(self.lines, key=lambda one: (one.system.name, one.category)):
            if purpose in line.purposes:
                name = self.names.get(line.category, line.category)
                is_confirmed = line.confirmed_at is not None and line.confirm_by > self.at
                yield RecordSystem(line.system.name, name, tuple(line.countries), is_confirmed)

    def list_without_purpose(self, active: set[str]) -> Iterable[tuple[Named, str]]:
        for line in self.lines:
            if active.isdisjoint(line.purposes):
                yield Named(line.category, self.names.get(line.category, line.category)), line.system.name


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
        gettext("Systems of the data map"),
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
        _list(map(_describe_category, one.categories)),
        "; ".join(f"{to.name}, {to.service} ({_names(to.categories)})" for to in one.recipients),
        ", ".join(one.countries),
        "; ".join(f"{to.name}: {TransferGround(to.ground).label}" for to in one.recipients if to.ground),
        "; ".join(
            f"{category.name}: {' / '.join(map(describe_period, kept)) or gettext('no rule')}"
            for category, kept in one.retention
        ),
        _describe_assessment(one.assessment),
        "; ".join(map(_describe_system, one.systems)),
    )


def list_file_rows(record: ProcessingRecord) -> list[tuple[str, ...]]:
    """Return the rows of a record as texts, one for each heading of a file."""
    client = ", ".join(filter(None, (record.client, record.address)))
    contacts = "; ".join(describe_contact(one) for one in record.contacts)
    same = (", ".join(record.storage_countries), "; ".join(list_measures()), client, contacts)
    return [(*cells, *same) for cells in list_rows(record)]


def list_rows(record: ProcessingRecord) -> list[tuple[str, ...]]:
    """Return the activities of a record, and what the portal itself holds, as texts, one for each heading."""
    held = (_to_portal_cells(one, ", ".join(record.storage_countries)) for one in record.portal)
    return [*map(to_cells, record.activities), *held]


def _to_portal_cells(one: PortalLine, countries: str) -> tuple[str, ...]:
    """Return what the portal holds as texts in the columns of activities."""
    kept = ": ".join(filter(None, (one.counted_from, one.period)))
    held = (_list(one.categories.values()), "", countries, "", f"{kept}; {one.disposal}", "", gettext("This portal"))
    return (one.name, _list(one.contents), "", "", "", *held)


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
        GapKind.NOT_REGISTERED: gettext(
            "{purpose}: add {about}, which systems declare for it; or correct the data map."
        ),
        GapKind.NOT_BALANCED: gettext("{purpose}: sign the balancing test of the legitimate interest."),
        GapKind.NO_RETENTION: gettext("{purpose}: set a retention rule for {about}."),
        GapKind.NO_COUNTRY: gettext("{purpose}: name the countries of {about}."),
        GapKind.NO_ASSESSMENT: gettext("{purpose}: assess the impact; it shows the behaviour of children."),
        GapKind.DENIED: gettext("{purpose}: assess the impact, and have it approved; until then it is denied."),
        GapKind.ASSESSMENT_DUE: gettext("{purpose}: review the impact assessment."),
        GapKind.HIGH_RISK: gettext("{purpose}: the remaining risk is high; ask the authority first."),
        GapKind.NO_PURPOSE: gettext("{purpose}: {about} holds it for no active purpose; name one in the data map."),
        GapKind.NO_TERM: gettext("{purpose}: name the broader purpose (DPV term)."),
    }
    return words[gap.kind].format(purpose=gap.purpose.name, about=gap.about)


def _roles(roles: Iterable[str]) -> str:
    labels = dict(ROLES)
    return _list(str(labels[role]) for role in roles)


def _describe_category(one: RecordCategory) -> str:
    """Return the name of a category, and whether it rests on the data map."""
    if not one.is_declared:
        return one.name
    source = gettext("register and data map") if one.is_registered else gettext("data map")
    return f"{one.name} ({source})"


def _names(named: Iterable[Named]) -> str:
    return _list(one.name for one in named)


def _list(names: Iterable[str]) -> str:
    return ("، " if get_language() == "ur" else ", ").join(names)


def _describe_system(one: RecordSystem) -> str:
    state = gettext("Confirmed") if one.is_confirmed else gettext("To be confirmed")
    return f"{one.name}: {one.category} ({_list((*one.countries, state))})"


def _describe_assessment(done: Assessment | None) -> str:
    if done is None:
        return ""
    risk = ResidualRisk(done.risk).label
    return gettext("Remaining risk: {risk}; review on {day}").format(risk=risk, day=done.review_on)
