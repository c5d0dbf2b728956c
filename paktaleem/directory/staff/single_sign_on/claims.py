"""The person of an ID token: account at the provider, verified address, second factor, time of the sign-in.

Sources: OpenID Connect Core 1.0 §2 and §3.1.3.7, RFC 8176 (``amr``), Google “OpenID Connect” (``hd``), Microsoft
Entra “Optional claims reference” (``xms_edov``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from paktaleem.directory.staff.single_sign_on.models import Provider

GOOGLE = "https://accounts.google.com"
"""The issuer that all customers of Google share: only ``hd`` says whose account it is."""
SECOND_FACTORS = frozenset({"mfa", "otp", "hwk", "sc"})
"""``amr`` values that mean more than a password: several factors, a one-time code, a hardware key, a smart card.

Not among them: ``sms`` and ``tel``, which can be taken over, and a fingerprint or a face alone.
"""
SECOND_FACTOR_CLASSES = frozenset({"phr", "phrh", "http://schemas.openid.net/pape/policies/2007/06/multi-factor"})
"""``acr`` values that mean it (OpenID EAP ACR Values 1.0; PAPE 1.0)."""
FRESH = timedelta(minutes=5)
"""How old a sign-in at the provider may be that was asked for with ``max_age=0``, and how far clocks may differ."""
_VERIFIED = ("email_verified", "xms_edov")
_ADDRESS = ("email", *_VERIFIED)


class SignOnRefused(Exception):
    """The provider's answer does not sign anyone in; the argument is a code for the log."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A person at a provider; ``email`` is empty unless the provider says that it is verified.

    ``authenticated_at`` is None if it is not stated, or in the future: the session would be fit for dangerous acts
    until then.
    """

    subject: str
    email: str
    has_second_factor: bool
    authenticated_at: datetime | None


def read_identity(claims: Mapping[str, Any], provider: Provider, *, is_fresh: bool, at: datetime) -> Identity:
    """Return the person of a verified ID token.

    Raises SignOnRefused if the token names no one, or an account of Google that is not of the institution; with
    ``is_fresh`` also unless the person has authenticated within the last five minutes.
    """
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:  # noqa: PLR2004 -- OpenID Connect Core §2
        raise SignOnRefused("subject_missing")
    if provider.issuer == GOOGLE and str(claims.get("hd", "")).lower() not in provider.domains:
        raise SignOnRefused("not_of_the_institution")
    when = _read_time(claims.get("auth_time"), at)
    if is_fresh and (when is None or at - when > FRESH):
        raise SignOnRefused("not_authenticated_again")
    is_verified = any(claims.get(name) in (True, "true", "1", 1) for name in _VERIFIED)
    email = str(claims.get("email", "")).strip() if is_verified else ""
    methods = claims.get("amr")
    names = {name for name in methods if isinstance(name, str)} if isinstance(methods, list) else set()
    has_factor = bool(names & SECOND_FACTORS) or claims.get("acr") in SECOND_FACTOR_CLASSES
    return Identity(subject, email, has_factor, when)


def _read_time(seconds: Any, at: datetime) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        when = datetime.fromtimestamp(seconds, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return min(when, at) if when - at <= FRESH else None


def add_address(claims: Mapping[str, Any], user_info: Any) -> dict[str, Any]:
    """Return the claims of an ID token with the address of the UserInfo response, and whether it is verified.

    Nothing else is taken from there: the response is not signed (OpenID Connect Core 1.0 §5.3.2). Raises SignOnRefused
    if it is about another account.
    """
    if not isinstance(user_info, Mapping) or user_info.get("sub") != claims.get("sub"):
        raise SignOnRefused("address_of_another_account")
    kept = {name: value for name, value in claims.items() if name not in _ADDRESS}
    return kept | {name: user_info[name] for name in _ADDRESS if name in user_info}
