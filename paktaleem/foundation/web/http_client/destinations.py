"""Allowed destinations of outbound requests: public addresses over https, no internal ones. Pure.

The portal runs next to databases and metadata services, and anyone who registers a webhook chooses its URL. URLs are
therefore accepted in one plain form only, and the resolved addresses are checked before connecting (OWASP SSRF; RFC
6890 and the IANA special-purpose registries).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

PORTS = (443, 8443)
_MAX_LENGTH = 2_000
_NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_INTERNAL_NAME = re.compile(r"(.+\.)?(localhost|local|internal|home|lan|corp|intranet|private|test|invalid|onion)")
"""Names below a top-level label that is not in the public DNS."""
_PUBLIC_6 = IPv6Network("2000::/3")
_SPECIAL = tuple(
    map(
        ip_network,
        (
            "192.0.0.0/24",  # IETF protocol assignments, of which Python calls two addresses global
            "192.31.196.0/24",  # AS112
            "192.52.193.0/24",  # AMT
            "192.88.99.0/24",  # 6to4 relays
            "192.175.48.0/24",  # AS112
            "2001::/23",  # IETF protocol assignments: Teredo, ORCHID, benchmarks
            "2002::/16",  # 6to4: an IPv4 address inside
            "2620:4f:8000::/48",  # AS112
            "3fff::/20",  # documentation, which an older Python calls global
        ),
    )
)
"""Ranges that Python calls global and that are no place for a receiver."""


class DestinationRefused(ValueError):
    """The destination is not allowed; the argument is a message for the person who registered it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A parsed URL; ``is_allowed`` if the operator permits its host and port."""

    url: str
    scheme: str
    host: str
    port: int
    is_allowed: bool = False


def is_public(address: str) -> bool:
    """Return True if an IP address is public (RFC 6890); False if it cannot be parsed."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and (found.scope_id is not None or found not in _PUBLIC_6):
        return False
    return found.is_global and not found.is_multicast and not any(found in network for network in _SPECIAL)


def parse_destination(url: str, *, allowed: Iterable[str] = ()) -> Destination:
    """Parse and check a URL.

    ``allowed`` are internal ``host:port`` pairs that the operator permits (tests and trials). Raises
    DestinationRefused unless it is ``https://host[:443|:8443]/…`` with a full public name or a public IP address in
    its canonical form, without user information, fragment, trailing dot or characters that resemble dots.
    """
    if len(url) > _MAX_LENGTH or not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}'):
        raise DestinationRefused(f"Use at most {_MAX_LENGTH:,} plain characters; write other scripts as punycode.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise DestinationRefused("Use a URL such as https://lms.example/hooks.") from error
    if "@" in parts.netloc or "#" in url:
        raise DestinationRefused("Leave out user names, passwords and fragments.")
    if port is None:
        port = 80 if parts.scheme == "http" else 443
    return _check_destination(Destination(url, parts.scheme, parts.hostname or "", port), allowed)


def _check_destination(found: Destination, allowed: Iterable[str]) -> Destination:
    if found.scheme in {"http", "https"} and f"{found.host}:{found.port}" in set(allowed):
        return Destination(found.url, found.scheme, found.host, found.port, is_allowed=True)
    if found.scheme != "https":
        raise DestinationRefused("Use https.")
    if found.port not in PORTS:
        raise DestinationRefused("Use port 443 or 8443.")
    if _is_literal(found.host):
        if not is_public(found.host):
            raise DestinationRefused("Use a public IP address.")
    elif not _NAME.fullmatch(found.host):
        raise DestinationRefused("Use a full host name, such as lms.example, without a dot at its end.")
    elif _INTERNAL_NAME.fullmatch(found.host):
        raise DestinationRefused("Use a name in the public DNS.")
    return found


def _is_literal(host: str) -> bool:
    """Return True if the host is an IP address in canonical form; 0x7f.1, 017700000001 and 127.1 are not."""
    try:
        found = ip_address(host)
    except ValueError:
        return False
    return isinstance(found, IPv6Address) or str(found) == host
