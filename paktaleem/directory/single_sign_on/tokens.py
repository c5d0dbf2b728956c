"""Verification of ID tokens (OpenID Connect Core 1.0 §3.1.3.7, RFC 8725), with PyJWT.

Allauth skips the signature of a token that it fetched itself, and knows no nonce; here both are always checked.
"""

from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

import jwt

from paktaleem.directory.single_sign_on.claims import SignOnRefused

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
