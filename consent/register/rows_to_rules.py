"""Conversion of stored lawful bases and capacities to the values that the compiled register is made of."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from consent.register.bases import CapacityRule, OwnedBasis
from consent.register.compiled import BasisRule, Capacity, Period
from consent.register.models.purposes import BalancingTest, LawfulBasis, PurposeCapacity
from paktaleem.foundation.tenancy.rows import PAKTALEEM


def to_capacity_rules(
    rows: Iterable[PurposeCapacity], *, codes: Mapping[UUID, str], client_id: UUID
) -> list[CapacityRule]:
    """Convert capacities: the client's own take precedence, then the latest start."""
    return [
        CapacityRule(
            purpose=codes[row.purpose_id],
            capacity=row.capacity,
            period=Period(row.starts_at, row.ends_at),
            precedence=(row.client_id == client_id, row.starts_at, row.pk),
            is_own=row.client_id == client_id,
        )
        for row in rows
        if row.purpose_id in codes
    ]


def to_owned_bases(
    rows: Iterable[LawfulBasis], tests: Iterable[BalancingTest], *, codes: Mapping[UUID, str], client_id: UUID
) -> list[OwnedBasis]:
    """Convert lawful bases that were not cancelled, still without the capacity of their time."""
    signed = {test.pk: test.signed_at for test in tests}
    return [
        OwnedBasis(
            BasisRule(
                id=row.pk,
                purpose=codes[row.purpose_id],
                role=row.role,
                basis=row.basis,
                capacity=Capacity.PROCESSOR.value,
                period=Period(row.starts_at, row.ends_at),
                balancing_test_at=signed.get(row.balancing_test_id) if row.balancing_test_id else None,
                shared=row.client_id != client_id,
                legal_reference=row.legal_reference,
            ),
            is_paktaleems=row.client_id == PAKTALEEM,
        )
        for row in rows
        if row.purpose_id in codes and not row.is_cancelled
    ]
