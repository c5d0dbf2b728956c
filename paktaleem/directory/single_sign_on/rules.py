"""Effects of single sign-on on sessions and passwords (handlers of ``accounts.sign_in_rules``)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest

from paktaleem.directory.single_sign_on.selectors import has_only_sign_on, list_rules
from paktaleem.foundation.accounts.reauthentication import find_sign_on
from paktaleem.foundation.accounts.selectors import MembershipChoice
from paktaleem.foundation.tenancy.ids import PAKTALEEM

__all__ = ["narrow_to_sign_on", "needs_single_sign_on"]


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
