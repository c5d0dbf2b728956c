"""Selectors of single sign-on: providers in force, institutions by domain, and whom passwords or providers let in."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.http import HttpRequest

from paktaleem.directory.staff.single_sign_on.models import Provider, SignOnLink
from paktaleem.foundation.accounts.leaving import WaysIn
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.accounts.selectors import MembershipChoice
from paktaleem.foundation.accounts.sessions import find_sign_on
from paktaleem.foundation.accounts.staff_accounts import is_officer
from paktaleem.foundation.tenancy.context import read_in_one_statement
from paktaleem.foundation.tenancy.rows import PAKTALEEM

_RULES = "SELECT client_id, provider_id, is_required FROM staff_sign_on_providers(%s::uuid[])"


class Institution(NamedTuple):
    """A client with single sign-on."""

    code: str
    name: str


def list_institutions(domain: str) -> list[Institution]:
    """List the clients whose single sign-on is for this email domain; outside any context."""
    rows = read_in_one_statement("SELECT code, name FROM staff_sign_on_by_domain(%s)", [domain.lower()])
    return [Institution(*row) for row in rows]


def find_provider(client_id: UUID) -> Provider | None:
    """Return the provider in force at a client, or None; in its context."""
    rows = Provider.objects.filter(client_id=client_id, state=ChangeState.APPROVED, ended_at=None)
    provider: Provider | None = rows.first()
    return provider


def narrow_to_sign_on(request: HttpRequest, choices: Sequence[MembershipChoice]) -> Sequence[MembershipChoice]:
    """Return the memberships that the session's way of signing in gives access to; ``accounts.membership_rules``.

    After a single sign-on: the one at the client whose provider vouched, while that provider is in force. After a
    password: those at clients that do not require single sign-on.
    """
    at_clients = [choice.client_id for choice in choices if choice.client_id != PAKTALEEM]
    sign_on = find_sign_on(request)
    if sign_on is None and not at_clients:
        return choices
    rules = {client_id: rule for client_id, *rule in read_in_one_statement(_RULES, [at_clients])}
    if sign_on is None:
        required = {client_id for client_id, (_provider, is_required) in rules.items() if is_required}
        return [choice for choice in choices if choice.client_id not in required]
    provider_id, _is_required = rules.get(sign_on.client_id, (None, False))
    if provider_id != sign_on.provider_id:
        return []
    return [choice for choice in choices if choice.client_id == sign_on.client_id]


def needs_single_sign_on(user_id: UUID, at: datetime) -> bool:
    """Return True if every client of a member of staff requires single sign-on; ``accounts.password_rules``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT staff_sign_on_only(%s, %s)", [user_id, at])
        return bool(cursor.fetchone()[0])


def find_ways_in(client_id: UUID, user_ids: Collection[UUID], at: datetime) -> WaysIn:
    """Return whether passwords count at a client, and whose linked account its provider in force signs in.

    Who has a role at PakTaleem is not signed in by a provider. Someone who is not linked yet does not count: nothing
    has shown that the provider knows them.
    """
    provider = find_provider(client_id)
    if provider is None:
        return WaysIn()
    links = SignOnLink.objects.filter(
        client_id=client_id, issuer=provider.issuer, ended_at=None, user_id__in=list(user_ids)
    )
    linked = links.order_by("user_id").values_list("user_id", flat=True)
    return WaysIn(provider.required_at is None, frozenset(user for user in linked if not is_officer(user, at=at)))
