"""Effects of single sign-on on sessions, passwords and ways in (handlers of extension points)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest

from paktaleem.directory.single_sign_on.models import SignOnLink
from paktaleem.directory.single_sign_on.selectors import find_provider, has_only_sign_on, list_rules
from paktaleem.foundation.accounts.reauthentication import find_sign_on
from paktaleem.foundation.accounts.selectors import MembershipChoice
from paktaleem.foundation.accounts.staff_accounts import is_officer
from paktaleem.foundation.accounts.ways_in import WaysIn
from paktaleem.foundation.tenancy.ids import PAKTALEEM


def narrow_to_sign_on(request: HttpRequest, choices: Sequence[MembershipChoice]) -> Sequence[MembershipChoice]:
    """Return the memberships that the session's way of signing in gives access to.

    After a single sign-on: the one at the client whose provider vouched, while that provider is in force. After a
    password: those at clients that do not require single sign-on.
    """
    at_clients = [one.client_id for one in choices if one.client_id != PAKTALEEM]
    sign_on = find_sign_on(request)
    if sign_on is None and not at_clients:
        return choices
    rules = list_rules(at_clients)
    if sign_on is None:
        return [one for one in choices if one.client_id not in rules or not rules[one.client_id].is_required]
    rule = rules.get(sign_on.client_id)
    if rule is None or rule.provider_id != sign_on.provider_id:
        return []
    return [one for one in choices if one.client_id == sign_on.client_id]


def needs_single_sign_on(user_id: UUID, at: datetime) -> bool:
    """Return True if every client of this member of staff requires single sign-on: their password signs in nowhere."""
    return has_only_sign_on(user_id, at=at)


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
    return WaysIn(provider.required_at is None, frozenset(one for one in linked if not is_officer(one, at=at)))
