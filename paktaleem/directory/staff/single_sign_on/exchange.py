"""The conversation with a provider: allauth's OpenID Connect, with our HTTP client and our check of the token.

Allauth skips the signature of a token that it fetched itself, and knows no nonce; here both are always checked.
Sources: OpenID Connect Core 1.0 §2 and §3.1.3.7, RFC 8176 (``amr``), Google “OpenID Connect” (``hd``), Microsoft
Entra “Optional claims reference” (``xms_edov``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Any, override
from urllib.parse import quote_plus, urlsplit

import jwt
import requests
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse

from paktaleem.directory.staff.single_sign_on.models import Provider, ProviderSecret
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.encryption.wrapped_secrets import WrappedSecrets
from paktaleem.foundation.web.http_client.client import open_guarded_session
from paktaleem.foundation.web.http_client.destinations import DestinationRefused, parse_destination

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
    """A person at a provider; ``email`` is empty unless verified, ``authenticated_at`` None if not stated or future."""

    subject: str
    email: str
    has_second_factor: bool
    authenticated_at: datetime | None


def read_identity(claims: Mapping[str, Any], provider: Provider, *, is_fresh: bool, at: datetime) -> Identity:
    """Return the person of a verified ID token; with ``is_fresh`` they have authenticated within five minutes.

    Raises SignOnRefused otherwise, if it names no one, or an account of Google that is not of the institution.
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
    """Return the claims with the address of the UserInfo response, and no more of it: it is not signed (Core §5.3.2).

    Raises SignOnRefused if it is about another account.
    """
    if not isinstance(user_info, Mapping) or user_info.get("sub") != claims.get("sub"):
        raise SignOnRefused("address_of_another_account")
    kept = {name: value for name, value in claims.items() if name not in _ADDRESS}
    return kept | {name: user_info[name] for name in _ADDRESS if name in user_info}


_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Asymmetric ones only: neither ``none`` nor a key that the portal shares."""
_REQUIRED = ("iss", "sub", "aud", "exp", "iat", "nonce")
_LEEWAY_SECONDS = 60
_WELL_KNOWN = "/.well-known/openid-configuration"
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_USERINFO = "userinfo_endpoint"
_METHODS = "token_endpoint_auth_methods_supported"
_CONFIGURATION_SECONDS = 3600
_SECONDS = 5.0
"""Time limit of each request to a provider: a member of staff waits for it."""


def get_return_address(code: str) -> str:
    """Return the address to which a client's provider sends people back (``redirect_uri``)."""
    return build_public_url(reverse("single_sign_on_callback", args=[code]))


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Adapter of allauth whose requests are sent by our HTTP client."""

    def get_requests_session(self) -> requests.Session:
        return open_guarded_session(allowed=settings.SIGN_ON_ALLOWED, seconds=_SECONDS)


class ClientProvider(OpenIDConnectProvider):  # type: ignore[misc]
    """The provider of a client, for one sign-in; nothing is read from allauth's own tables."""

    def __init__(self, request: HttpRequest, provider: Provider, code: str, secret: str = "") -> None:
        self.issuer = provider.issuer
        app = SocialApp(
            provider="openid_connect",
            provider_id=str(provider.pk),
            name=code,
            client_id=provider.application_id,
            secret=secret,
            settings={
                "server_url": provider.issuer.rstrip("/") + _WELL_KNOWN,
                "oauth_pkce_enabled": True,
                "scope": ["openid", "email"],
            },
        )
        super().__init__(request, app=app)

    def get_oauth2_adapter(self, request: HttpRequest) -> "_ClientAdapter":
        return _ClientAdapter(request, self)

    def start(self, *, next_url: str | None, is_fresh: bool) -> str:
        """Keep state, nonce and PKCE verifier in the session, and return the provider's address to go to.

        With ``is_fresh`` the person must authenticate again. Raises SignOnRefused without a readable configuration.
        """
        nonce = token_urlsafe(32)
        data = {"nonce": nonce, "is_fresh": is_fresh}
        asked = {"nonce": nonce, **({"prompt": "login", "max_age": "0"} if is_fresh else {})}
        return str(self.redirect(self.request, "login", next_url=next_url, data=data, auth_params=asked).url)

    def finish(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Use up the state, exchange the code; return the state and the token's claims. Raises SignOnRefused."""
        answer = self.request.GET
        try:
            state = self.unstash_redirect_state(self.request, answer.get("state", ""))
        except PermissionDenied as error:
            raise SignOnRefused("state_unknown") from error
        if answer.get("iss", self.issuer) != self.issuer:  # RFC 9207
            raise SignOnRefused("answer_of_another_provider")
        if "code" not in answer:
            raise SignOnRefused("cancelled" if answer.get("error") == "access_denied" else "provider_refused")
        tokens = self._exchange_code(answer["code"], state["pkce_code_verifier"])
        configuration = read_configuration(self.server_url, self.issuer)
        keys, nonce = _fetch(configuration["jwks_uri"]), state["data"]["nonce"]
        token = str(tokens.get("id_token", ""))
        claims = verify_id_token(token, keys, issuer=self.issuer, audience=self.app.client_id, nonce=nonce)
        # A provider that sends an access token may state the address there only (OpenID Connect Core 1.0 §5.4).
        if "email" not in claims and configuration[_USERINFO]:
            headers = {"Authorization": f"Bearer {tokens['access_token']}"}
            claims = add_address(claims, _fetch(configuration[_USERINFO], headers))
        return state, claims

    def _exchange_code(self, code: str, verifier: str) -> dict[str, Any]:
        client = self.get_oauth2_adapter(self.request).get_client(self.request, self.app)
        if client.basic_auth:  # RFC 6749 §2.3.1 demands it of this header; allauth does not do it
            client.consumer_key, client.consumer_secret = map(quote_plus, (self.app.client_id, self.app.secret))
        try:
            tokens: dict[str, Any] = client.get_access_token(code, pkce_code_verifier=verifier)
        except requests.RequestException as error:
            raise SignOnRefused("provider_unreachable") from error
        except (OAuth2Error, ValueError, AttributeError, TypeError, KeyError) as error:
            raise SignOnRefused("code_refused") from error
        return tokens


class _ClientAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    def __init__(self, request: HttpRequest, provider: ClientProvider) -> None:
        super().__init__(request, provider.sub_id)
        self._provider = provider

    def get_provider(self) -> ClientProvider:
        return self._provider

    @override
    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return get_return_address(app.name)

    @property
    def openid_config(self) -> dict[str, Any]:
        return read_configuration(self._provider.server_url, self._provider.issuer)


def read_configuration(address: str, issuer: str) -> dict[str, Any]:
    """Return a provider's checked configuration (OpenID Connect Discovery 1.0 §4), kept for an hour."""
    slot = f"single-sign-on/{issuer}"
    known: dict[str, Any] | None = cache.get(slot)
    if known is None:
        known = _check_configuration(_fetch(address), issuer)
        cache.set(slot, known, timeout=_CONFIGURATION_SECONDS)
    return known


def _check_configuration(found: Any, issuer: str) -> dict[str, Any]:
    if not isinstance(found, dict) or found.get("issuer") != issuer:
        raise SignOnRefused("issuer_differs")
    known = {name: str(found.get(name, "")) for name in (*_ENDPOINTS, _USERINFO)}
    try:
        for address in (address for name, address in known.items() if address or name != _USERINFO):
            parse_destination(address, allowed=settings.SIGN_ON_ALLOWED)
    except DestinationRefused as error:
        raise SignOnRefused("endpoint_not_allowed") from error
    if urlsplit(known["authorization_endpoint"]).query:
        raise SignOnRefused("endpoint_not_allowed")
    methods = found.get(_METHODS)
    return {**known, _METHODS: methods if isinstance(methods, list) else ["client_secret_basic"]}


def _fetch(address: str, headers: dict[str, str] | None = None) -> Any:
    try:
        with get_adapter().get_requests_session() as session:
            response = session.get(address, headers=headers)
            response.raise_for_status()
            return json.loads(response.content)
    except (requests.RequestException, ValueError) as error:
        raise SignOnRefused("provider_unreachable") from error


def verify_id_token(token: str, keys: Mapping[str, Any], *, issuer: str, audience: str, nonce: str) -> dict[str, Any]:
    """Return the claims of an ID token, checked with the provider's key set (RFC 7517). Raises SignOnRefused."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            _find_key(token, keys),
            algorithms=_ALGORITHMS,
            issuer=issuer,
            audience=audience,
            leeway=_LEEWAY_SECONDS,
            options={"require": list(_REQUIRED)},
        )
    except (jwt.PyJWTError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise SignOnRefused("token_invalid") from error
    if claims["aud"] not in (audience, [audience]) or claims.get("azp", audience) != audience:
        raise SignOnRefused("meant_for_another")
    if not compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
        raise SignOnRefused("nonce_differs")
    return claims


def _find_key(token: str, keys: Mapping[str, Any]) -> jwt.PyJWK:
    # Without a name: the provider's only key. A key without ``alg`` (RFC 7517 §4.4) verifies each of its kind.
    header = jwt.get_unverified_header(token)
    algorithm, name = header["alg"], header.get("kid")
    if algorithm not in _ALGORITHMS:
        raise SignOnRefused("token_invalid")
    offered = jwt.PyJWKSet.from_dict({"keys": [{"alg": algorithm, **key} for key in keys["keys"]]}).keys
    matches = [key for key in offered if key.public_key_use in (None, "sig") and name in (None, key.key_id)]
    if len(matches) != 1:
        raise SignOnRefused("key_unknown")
    return matches[0]


SECRETS = WrappedSecrets(ProviderSecret, "provider_id", b"single-sign-on")
PROVIDER_SECRETS = SECRETS.kind


def open_secret(provider: Provider) -> str:
    """Return the secret of a provider, in its client's context. Raises SignOnRefused if its key is destroyed."""
    try:
        return SECRETS.open(ProviderSecret.objects.get(client_id=provider.client_id, provider=provider))
    except (KeyError, InvalidTag) as error:
        raise SignOnRefused("secret_lost") from error
