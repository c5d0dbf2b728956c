"""Building the record of processing of a client from the register, the retention schedule and the assessments."""

# The record is computed from what is in force; rows of its own would soon differ from what is done. Only impact
# assessments are stored.

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from consent.agreements.models import ContactKind
from consent.agreements.selectors import list_clients_with_agreement, list_contacts, list_parts
from consent.notices.selectors.registers import current_register, find_purposes
from consent.register.compiled import Basis, Capacity, Register
from consent.register.models.agreements import Recipient
from consent.register.models.purposes import ROLES, Purpose
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.records.models import ImpactAssessment
from retention.records.record import (
    Activity,
    Assessment,
    Named,
    ProcessingRecord,
    RecordContact,
    RecordRecipient,
    find_gaps,
)
from retention.schedule.selectors import list_schedule

_ROLES = tuple(code for code, _ in ROLES)
_EPOCH, _COUNTED_EVERY = datetime(1970, 1, 1, tzinfo=UTC), timedelta(minutes=5)
_STATE = """
SELECT
    (SELECT string_agg(version || '/' || xmin, ' ' ORDER BY client_id)
        FROM consent_registerversion WHERE client_id = ANY (%(owners)s)),
    (SELECT history_id FROM schedule_historicalretentionrule WHERE client_id = ANY (%(owners)s)
        ORDER BY history_id DESC LIMIT 1),
    (SELECT history_id FROM records_historicalimpactassessment WHERE client_id = ANY (%(owners)s)
        ORDER BY history_id DESC LIMIT 1)
"""
"""Values that change with everything on which gaps depend; ``xmin`` differs even if a rolled-back version is reused."""


def list_controllers(*, at: datetime) -> tuple[Named, ...]:
    """List the clients with an agreement in force, by name, for PakTaleem's own record. Runs in the officers' view."""
    rows = Client.objects.filter(pk__in=list_clients_with_agreement(at=at)).order_by("name", "code")
    return tuple(Named(code, name) for code, name in rows.values_list("code", "name"))


def build_record(client: Client, *, at: datetime, language: str, clients: tuple[Named, ...] = ()) -> ProcessingRecord:
    """Return the record of processing of a client at ``at``, in a language (GDPR Art. 30).

    ``clients`` are the controllers that PakTaleem's own record names. Runs in the client's context, with a fixed number
    of queries; the caller has checked who may read it.
    """
    register = current_register(client.pk)
    names: dict[str, str] = {}
    periods: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in list_schedule(client.pk, at=at, language=language):
        names[line.category] = line.category_name
        periods[line.purpose.code, line.category].append(line.rule.period if line.rule else "")
    active = sorted(rule.code for rule in register.purposes.values() if rule.active)
    purposes = find_purposes(client.pk, active)
    found = _Sources(
        register=register,
        names=names,
        periods=periods,
        recipients=_by_code(Recipient.objects.filter(client_id__in={client.pk, PAKTALEEM}), client.pk),
        assessments=_list_assessments(client.pk),
        capacities={one.purpose.code: one.part.value for one in list_parts(client.pk, at=at)},
        at=at,
        language=language,
    )
    return ProcessingRecord(
        client=client.name,
        code=client.code,
        on=at.astimezone(ZoneInfo(client.time_zone)).date(),
        serves_minors=client.serves_minors,
        activities=tuple(found.build(purposes[code]) for code in active if code in purposes),
        address=" ".join(client.address.split()),
        contacts=_list_contacts(client.pk, at),
        storage_countries=tuple(settings.STORAGE_COUNTRIES),
        is_own=client.pk == PAKTALEEM,
        clients=clients,
    )


def count_gaps(client_id: UUID, *, at: datetime) -> int:
    """Return the number of gaps in a client's record, for the first page; one query while nothing changes.

    The number is remembered in this process. The record is built again after a change of the register, of a retention
    rule or of an assessment, and every five minutes, for what starts or ends by itself. Runs in any context that sees
    the client.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STATE, {"owners": [client_id, PAKTALEEM]})
        state = cursor.fetchone()
    return _count_gaps(client_id, state, at + (_EPOCH - at) % _COUNTED_EVERY)


@lru_cache(maxsize=2_000)
def _count_gaps(client_id: UUID, state: tuple[Any, ...], at: datetime) -> int:
    del state  # part of the key only
    with in_client(client_id):
        client = Client.objects.filter(pk=client_id).first()
        return 0 if client is None else len(find_gaps(build_record(client, at=at, language="en")))


@dataclass(frozen=True, kw_only=True)
class _Sources:
    """The rows from which activities are built; a period is empty for a role without a rule."""

    register: Register
    names: Mapping[str, str]
    periods: Mapping[tuple[str, str], list[str]]
    recipients: Mapping[str, Recipient]
    assessments: Mapping[str, ImpactAssessment]
    capacities: Mapping[str, str]
    at: datetime
    language: str

    def build(self, purpose: Purpose) -> Activity:
        urdu = self.language == "ur"
        categories = tuple(Named(code, self.names.get(code, code)) for code in sorted(purpose.categories))
        bases, unbalanced = self._bases(purpose.code)
        row = self.assessments.get(purpose.code)
        return Activity(
            purpose=Named(purpose.code, purpose.name_ur if urdu else purpose.name_en),
            description=purpose.description_ur if urdu else purpose.description_en,
            term=purpose.dpv_term,
            capacity=self.capacities.get(purpose.code, Capacity.PROCESSOR.value),
            bases=bases,
            unbalanced=unbalanced,
            categories=categories,
            recipients=self._recipients_of(purpose.code, categories),
            retention=tuple((category, self._kept(purpose.code, category.code)) for category in categories),
            assessment=Assessment(row.reference, row.outcome, row.review_on) if row else None,
        )

    def _kept(self, purpose: str, category: str) -> tuple[str, ...]:
        """Return the periods of a category; none if any role has no rule."""
        periods = self.periods.get((purpose, category), [""])
        return () if "" in periods else tuple(sorted(set(periods)))

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

    def _recipients_of(self, purpose: str, categories: tuple[Named, ...]) -> tuple[RecordRecipient, ...]:
        found = []
        for code, rule in sorted(self.register.recipients.items()):
            shared = tuple(
                one
                for one in categories
                if any(approval.covers(purpose, frozenset({one.code}), self.at) for approval in rule.approvals)
            )
            row = self.recipients.get(code)
            if shared and row is not None:
                countries = tuple(row.countries.replace(",", " ").upper().split())
                service, ground = row.describe_service(self.language), row.transfer_ground
                found.append(RecordRecipient(code, row.name, service, shared, countries, ground))
        return tuple(found)


def _by_code(rows: Iterable[Any], client_id: UUID) -> dict[str, Any]:
    """Return rows by code; the client's own replace shared ones."""
    return {row.code: row for row in sorted(rows, key=lambda one: one.client_id == client_id)}


def _list_assessments(client_id: UUID) -> dict[str, ImpactAssessment]:
    rows = ImpactAssessment.objects.filter(client_id__in={client_id, PAKTALEEM}).select_related("purpose")
    own_last = sorted(rows, key=lambda one: one.client_id == client_id)
    return {row.purpose.code: row for row in own_last}


def _list_contacts(client_id: UUID, at: datetime) -> tuple[RecordContact, ...]:
    rows = list_contacts(client_id, at=at).filter(kind__in=[ContactKind.PRIVACY, ContactKind.DPO])
    return tuple(
        RecordContact(row.kind, row.subject.external_id or str(row.subject_id), row.subject_id)
        for row in rows.order_by("kind", "starts_at", "pk")
    )
