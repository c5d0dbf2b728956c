"""The conversation with a provider: allauth's OpenID Connect, with our HTTP client and our check of the token.

Allauth skips the signature of a token that it fetched itself, and knows no nonce; here both are always checked.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hmac import compare_digest
from typing import Any, override
from urllib.parse import quote_plus, urlsplit

import jwt
import requests
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse

from paktaleem.directory.staff.single_sign_on.claims import SignOnRefused, add_address
from paktaleem.directory.staff.single_sign_on.models import Provider, ProviderSecret
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.encryption.wrapped_secrets import WrappedSecrets
from paktaleem.foundation.web.http_client.destinations import DestinationRefused, parse_destination
from paktaleem.foundation.web.http_client.guarded_requests import open_guarded_session

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Asymmetric ones only: neither ``none`` nor a key that the portal shares."""
_REQUIRED = ("iss", "sub", "aud", "exp", "iat", "nonce")
_LEEWAY_SECONDS = 60


def verify_id_token(token: str, keys: Mapping[str, Any], *, issuer: str, audience: str, nonce: str) -> dict[str, Any]:
    """Return the claims of an ID token; ``keys`` is the provider's key set (RFC 7517).

    Raises SignOnRefused unless the provider signed it, for this portal and this sign-in, and it has not expired.
    """
    try:
        key = _find_key(token, keys)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=_ALGORITHMS,
            issuer=issuer,
            audience=audience,
            leeway=_LEEWAY_SECONDS,
            options={"require": list(_REQUIRED)},
        )
    except (jwt.PyJWTError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise SignOnRefused("token_invalid") from error
    _check_party(claims, audience)
    if not compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
        raise SignOnRefused("nonce_differs")
    return claims


def _find_key(token: str, keys: Mapping[str, Any]) -> jwt.PyJWK:
    """Return the key that the token names; without a name, the provider's only key.

    A key that states no algorithm (``alg`` is optional, RFC 7517 §4.4) verifies each of its kind: RS256 and PS256.
    """
    header = jwt.get_unverified_header(token)
    algorithm, name = header["alg"], header.get("kid")
    if algorithm not in _ALGORITHMS:
        raise SignOnRefused("token_invalid")
    offered = jwt.PyJWKSet.from_dict({"keys": [{"alg": algorithm, **one} for one in keys["keys"]]}).keys
    found = [one for one in offered if one.public_key_use in (None, "sig") and name in (None, one.key_id)]
    if len(found) != 1:
        raise SignOnRefused("key_unknown")
    return found[0]


def _check_party(claims: Mapping[str, Any], audience: str) -> None:
    party = claims.get("azp")
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (party is None and several) or (party is not None and party != audience):
        raise SignOnRefused("meant_for_another")


_WELL_KNOWN = "/.well-known/openid-configuration"
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_USERINFO = "userinfo_endpoint"
_METHODS = "token_endpoint_auth_methods_supported"
_METADATA_SECONDS = 3600
_SECONDS = 5.0
"""Time limit of each request to a provider: a member of staff waits for it."""


def get_return_address(code: str) -> str:
    """Return the address to which a client's provider sends people back (``redirect_uri``)."""
    return build_public_url(reverse("single_sign_on_callback", args=[code]))


def get_start_address(code: str) -> str:
    """Return the address at which staff of a client start their single sign-on."""
    return build_public_url(reverse("single_sign_on", args=[code]))


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Adapter of allauth whose requests are sent by our HTTP client."""

    def get_requests_session(self) -> requests.Session:
        """Return a session that refuses internal addresses."""
        return open_guarded_session(allowed=settings.SIGN_ON_ALLOWED, seconds=_SECONDS)


@dataclass(frozen=True)
class Exchange:
    """One sign-in at a client's provider: the address to go to, and the verified claims of the answer."""

    request: HttpRequest
    provider: Provider
    code: str
    secret: str = ""

    @cached_property
    def _at_provider(self) -> "_PortalProvider":
        app = SocialApp(
            provider="openid_connect",
            provider_id=str(self.provider.pk),
            name=self.code,
            client_id=self.provider.application_id,
            secret=self.secret,
            settings={
                "server_url": self.provider.issuer.rstrip("/") + _WELL_KNOWN,
                "oauth_pkce_enabled": True,
                "scope": ["openid", "email"],
            },
        )
        return _PortalProvider(self.request, app=app, exchange=self)

    def start(self, *, nonce: str, next_url: str | None, is_fresh: bool) -> str:
        """Keep state, nonce and PKCE verifier in the session, and return the provider's address to go to.

        With ``is_fresh`` the provider must ask the person to authenticate again. Raises SignOnRefused if the provider's
        configuration cannot be read.
        """
        again = {"prompt": "login", "max_age": "0"} if is_fresh else {}
        data = {"nonce": nonce, "is_fresh": is_fresh}
        try:
            response = self._at_provider.redirect(
                self.request, "login", next_url=next_url, data=data, auth_params={"nonce": nonce, **again}
            )
        except requests.RequestException as error:
            raise SignOnRefused("provider_unreachable") from error
        return str(response.url)

    def finish(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Use up the state, exchange the code, and return the state and the claims of the verified ID token.

        Raises SignOnRefused for an answer that was not asked for in this browser, or is not from the provider.
        """
        asked = self.request.GET
        state = self._at_provider.take_state(asked.get("state", ""))
        if asked.get("iss", self.provider.issuer) != self.provider.issuer:  # RFC 9207
            raise SignOnRefused("answer_of_another_provider")
        if "code" not in asked:
            raise SignOnRefused("cancelled" if asked.get("error") == "access_denied" else "provider_refused")
        adapter = self._at_provider.get_oauth2_adapter(self.request)
        try:
            client = _encode_credentials(adapter.get_client(self.request, self._at_provider.app))
            answer = client.get_access_token(asked["code"], pkce_code_verifier=state["pkce_code_verifier"])
            with get_adapter().get_requests_session() as session:
                keys = session.get(adapter.openid_config["jwks_uri"])
                keys.raise_for_status()
                key_set = keys.json()
        except requests.RequestException as error:
            raise SignOnRefused("provider_unreachable") from error
        except (OAuth2Error, ValueError, AttributeError, TypeError, KeyError) as error:
            raise SignOnRefused("code_refused") from error
        expected = {"issuer": self.provider.issuer, "audience": self.provider.application_id}
        token = str(answer.get("id_token", ""))
        claims = verify_id_token(token, key_set, nonce=state["data"]["nonce"], **expected)
        if "email" in claims or not adapter.openid_config[_USERINFO]:
            return state, claims
        return state, add_address(claims, adapter.fetch_user_info(str(answer["access_token"])))


def _encode_credentials(client: OAuth2Client) -> OAuth2Client:
    """Encode identifier and secret for the header ``Authorization``, as RFC 6749 §2.3.1 demands; allauth does not."""
    if client.basic_auth:
        client.consumer_key, client.consumer_secret = map(quote_plus, (client.consumer_key, client.consumer_secret))
    return client


class _PortalProvider(OpenIDConnectProvider):  # type: ignore[misc]
    """Provider of allauth with the configuration of a client; nothing is read from allauth's own tables."""

    def __init__(self, request: HttpRequest, *, app: SocialApp, exchange: Exchange) -> None:
        super().__init__(request, app=app)
        self.exchange = exchange

    def get_oauth2_adapter(self, request: HttpRequest) -> "_PortalOAuth2Adapter":
        return _PortalOAuth2Adapter(request, self)

    def take_state(self, state_id: str) -> dict[str, Any]:
        """Return the state of this browser and use it up."""
        from allauth.socialaccount.internal import statekit  # noqa: PLC0415 -- imports allauth's models

        state: dict[str, Any] | None = statekit.unstash_state(self.request, state_id=state_id, provider_id=self.sub_id)
        if state is None:
            raise SignOnRefused("state_unknown")
        return state


class _PortalOAuth2Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """Adapter of allauth for one provider: its configuration is checked, and kept for an hour."""

    def __init__(self, request: HttpRequest, provider: _PortalProvider) -> None:
        super().__init__(request, provider.sub_id)
        self._provider = provider

    def get_provider(self) -> _PortalProvider:
        return self._provider

    @override
    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return get_return_address(app.name)

    @cached_property
    def openid_config(self) -> dict[str, Any]:
        """Return the provider's configuration (OpenID Connect Discovery 1.0 §4).

        Raises SignOnRefused if it is of another issuer or names addresses that are not allowed.
        """
        issuer = self._provider.exchange.provider.issuer
        slot = f"single-sign-on/{issuer}"
        known: dict[str, Any] | None = cache.get(slot)
        if known is None:
            known = _check_metadata(_fetch(self._provider.server_url), issuer)
            cache.set(slot, known, timeout=_METADATA_SECONDS)
        return known

    def fetch_user_info(self, access_token: str) -> Any:
        """Return the response of the UserInfo endpoint (OpenID Connect Core 1.0 §5.3).

        A provider that sends an access token states the address there, and not in the ID token (§5.4).
        """
        return _fetch(self.openid_config[_USERINFO], {"Authorization": f"Bearer {access_token}"})


def _fetch(address: str, headers: dict[str, str] | None = None) -> Any:
    """Return the JSON of one of the provider's addresses. Raises SignOnRefused."""
    try:
        with get_adapter().get_requests_session() as session:
            response = session.get(address, headers=headers)
            response.raise_for_status()
            return json.loads(response.content)
    except (requests.RequestException, ValueError) as error:
        raise SignOnRefused("provider_unreachable") from error


def _check_metadata(found: Any, issuer: str) -> dict[str, Any]:
    if not isinstance(found, dict) or found.get("issuer") != issuer:
        raise SignOnRefused("issuer_differs")
    known = {name: str(found.get(name, "")) for name in (*_ENDPOINTS, _USERINFO)}
    try:
        for address in (one for name, one in known.items() if one or name != _USERINFO):
            parse_destination(address, allowed=settings.SIGN_ON_ALLOWED)
    except DestinationRefused as error:
        raise SignOnRefused("endpoint_not_allowed") from error
    if urlsplit(known["authorization_endpoint"]).query:
        raise SignOnRefused("endpoint_not_allowed")
    methods = found.get(_METHODS)
    offered = [str(one) for one in methods] if isinstance(methods, list) else ["client_secret_basic"]
    return {**known, _METHODS: offered}


_SECRETS = WrappedSecrets(ProviderSecret, "provider_id", b"single-sign-on")
PROVIDER_SECRETS = _SECRETS.kind


def add_secret(provider: Provider, secret: str) -> None:
    """Store the secret of a provider, wrapped."""
    _SECRETS.add(provider.client_id, provider.pk, secret)


def open_secret(provider: Provider) -> str:
    """Return the secret of a provider.

    Raises KeyError for a destroyed epoch, InvalidTag for a row copied from elsewhere.
    """
    return _SECRETS.open(ProviderSecret.objects.get(client_id=provider.client_id, provider=provider))
