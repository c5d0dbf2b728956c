"""The person of an ID token: account at the provider, verified address, second factor, time of the sign-in. Pure.

Sources: OpenID Connect Core 1.0 §2 and §3.1.3.7, RFC 8176 (``amr``), Google “OpenID Connect” (``hd``), Microsoft
Entra “Optional claims reference” (``xms_edov``).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from paktaleem.directory.staff.single_sign_on.models import SignOnLink
from paktaleem.directory.staff.single_sign_on.selectors import find_provider, has_only_sign_on, list_rules
from paktaleem.foundation.accounts.selectors import MembershipChoice
from paktaleem.foundation.accounts.sessions import find_sign_on
from paktaleem.foundation.accounts.staff_accounts import is_officer
from paktaleem.foundation.accounts.ways_in import WaysIn
from paktaleem.foundation.tenancy.rows import PAKTALEEM

GOOGLE = "https://accounts.google.com"
"""The issuer that all customers of Google share: only ``hd`` says whose account it is."""
SECOND_FACTORS = frozenset({"mfa", "otp", "hwk", "sc"})
"""``amr`` values that mean more than a password: several factors, a one-time code, a hardware key, a smart card.

Not among them: ``sms`` and ``tel``, which can be taken over, and a fingerprint or a face alone.
"""
SECOND_FACTOR_CLASSES = frozenset({"phr", "phrh", "http://schemas.openid.net/pape/policies/2007/06/multi-factor"})
"""``acr`` values that mean it (OpenID EAP ACR Values 1.0; PAPE 1.0)."""
_VERIFIED = ("email_verified", "xms_edov")
_ADDRESS = ("email", *_VERIFIED)
MOST_SECONDS = 300
"""How old a sign-in at the provider may be that was asked for with ``max_age=0``."""


class SignOnRefused(Exception):
    """The provider's answer does not sign anyone in; the argument is a code for the log."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A person at a provider; ``email`` is empty unless the provider says that it is verified."""

    subject: str
    email: str
    has_second_factor: bool
    authenticated_at: datetime | None


def read_identity(claims: Mapping[str, Any], *, issuer: str, domains: Collection[str]) -> Identity:
    """Return the person of a verified ID token.

    Raises SignOnRefused if the token names no one, or an account of Google that is not of the institution.
    """
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:  # noqa: PLR2004 -- OpenID Connect Core §2
        raise SignOnRefused("subject_missing")
    if issuer == GOOGLE and str(claims.get("hd", "")).lower() not in domains:
        raise SignOnRefused("not_of_the_institution")
    return Identity(subject, _verified_email(claims), _has_second_factor(claims), _authentication_time(claims))


def add_address(claims: Mapping[str, Any], user_info: Any) -> dict[str, Any]:
    """Return the claims of an ID token with the address of the UserInfo response, and whether it is verified.

    Nothing else is taken from there: the response is not signed (OpenID Connect Core 1.0 §5.3.2). Raises SignOnRefused
    if it is about another account.
    """
    if not isinstance(user_info, Mapping) or user_info.get("sub") != claims.get("sub"):
        raise SignOnRefused("address_of_another_account")
    kept = {name: one for name, one in claims.items() if name not in _ADDRESS}
    return kept | {name: user_info[name] for name in _ADDRESS if name in user_info}


def is_of_domains(email: str, domains: Collection[str]) -> bool:
    """Return True if an address is of one of these domains; their subdomains do not count."""
    name, at, domain = email.rpartition("@")
    return bool(name and at) and domain.lower() in domains


def check_freshness(identity: Identity, *, at: datetime) -> None:
    """Raise SignOnRefused unless the person has authenticated at the provider within the last five minutes."""
    when = identity.authenticated_at
    if when is None or not -MOST_SECONDS <= (at - when).total_seconds() <= MOST_SECONDS:
        raise SignOnRefused("not_authenticated_again")


def find_sign_in_time(identity: Identity, *, at: datetime) -> float:
    """Return when the person authenticated, in seconds since 1970 and at most ``at``; 0 if it is not known.

    A time in the future counts as unknown: the session would be fit for dangerous acts until then.
    """
    when = identity.authenticated_at
    if when is None or (when - at).total_seconds() > MOST_SECONDS:
        return 0.0
    return min(when, at).timestamp()


def _verified_email(claims: Mapping[str, Any]) -> str:
    is_verified = any(claims.get(name) in (True, "true", "1", 1) for name in _VERIFIED)
    email = claims.get("email")
    return email.strip() if is_verified and isinstance(email, str) else ""


def _has_second_factor(claims: Mapping[str, Any]) -> bool:
    methods = claims.get("amr")
    names = {one for one in methods if isinstance(one, str)} if isinstance(methods, list) else set()
    return bool(names & SECOND_FACTORS) or claims.get("acr") in SECOND_FACTOR_CLASSES


def _authentication_time(claims: Mapping[str, Any]) -> datetime | None:
    seconds = claims.get("auth_time")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return None


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
