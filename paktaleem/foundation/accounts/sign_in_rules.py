"""Rules of apps above about sign-in: which memberships a session may use, and whose password does not sign in."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest

from paktaleem.foundation.accounts.selectors import MembershipChoice
from paktaleem.foundation.extensions.points import ExtensionPoint

type MembershipRule = Callable[[HttpRequest, Sequence[MembershipChoice]], Sequence[MembershipChoice]]

membership_rules: ExtensionPoint[MembershipRule] = ExtensionPoint(
    "accounts.membership_rules", "Memberships that a session may use, of those of its user; called outside any context."
)
password_rules: ExtensionPoint[Callable[[UUID, datetime], bool]] = ExtensionPoint(
    "accounts.password_rules", "True if the password of a member of staff does not sign in; called in a global context."
)


def narrow_memberships(request: HttpRequest, choices: Sequence[MembershipChoice]) -> Sequence[MembershipChoice]:
    """Return the memberships that this session may use, of those of its user."""
    for rule in membership_rules:
        choices = rule(request, choices)
    return choices


def is_password_refused(user_id: UUID, *, at: datetime) -> bool:
    """Return True if this member of staff cannot sign in with a password; needs a global context."""
    return any(rule(user_id, at) for rule in password_rules)
