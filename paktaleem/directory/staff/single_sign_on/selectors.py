"""Selectors of single sign-on: the provider of a client, institutions by domain, and who needs single sign-on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from paktaleem.directory.staff.single_sign_on.models import Provider
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.tenancy.context import read_in_one_statement


@dataclass(frozen=True, slots=True)
class Institution:
    """A client with single sign-on."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class ProviderRule:
    """The provider in force at a client, and whether passwords give no access there."""

    provider_id: UUID
    is_required: bool


def list_institutions(domain: str) -> list[Institution]:
    """List the clients whose single sign-on is for this email domain; outside any context."""
    rows = read_in_one_statement("SELECT code, name FROM single_sign_on_by_domain(%s)", [domain.lower()])
    return [Institution(*row) for row in rows]


def list_rules(client_ids: Iterable[UUID]) -> Mapping[UUID, ProviderRule]:
    """Return the provider in force at each of these clients; outside any context."""
    sql = "SELECT client_id, provider_id, is_required FROM single_sign_on_providers(%s::uuid[])"
    rows = read_in_one_statement(sql, [[*client_ids]])
    return {client_id: ProviderRule(*rest) for client_id, *rest in rows}


def has_only_sign_on(user_id: UUID, *, at: datetime) -> bool:
    """Return True if all memberships of a user need single sign-on, and there is one; in any context."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT single_sign_on_only(%s, %s)", [user_id, at])
        return bool(cursor.fetchone()[0])


def find_provider(client_id: UUID) -> Provider | None:
    """Return the provider in force at a client, or None; in its context."""
    found: Provider | None = Provider.objects.filter(
        client_id=client_id, state=ChangeState.APPROVED, ended_at=None
    ).first()
    return found
