"""Allowed destinations of outbound requests: public addresses over https, no internal ones. Pure.

The portal runs next to databases and metadata services, and anyone who registers a webhook chooses its URL. URLs are
therefore accepted in one plain form only, and the resolved addresses are checked before connecting (OWASP SSRF; RFC
6890 and the IANA special-purpose registries).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable


PORTS = (443, 8443)
_MAX_LENGTH = 2_000
_NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_INTERNAL_LABELS = (
    "localhost",
    "local",
    "internal",
    "home",
    "lan",
    "corp",
    "intranet",
    "private",
    "test",
    "invalid",
    "onion",
)
"""Top-level labels that are not in the public DNS."""

_NOT_PUBLIC_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",
            "100.64.0.0/10",  # carrier-grade NAT
            "127.0.0.0/8",
            "169.254.0.0/16",  # link-local, where clouds keep their metadata
            "172.16.0.0/12",
            "192.0.0.0/24",  # IETF protocol assignments
            "192.0.2.0/24",  # documentation
            "192.31.196.0/24",  # AS112
            "192.52.193.0/24",  # AMT
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",
            "192.175.48.0/24",  # AS112
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # IETF protocol assignments: Teredo, ORCHID, benchmarks
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: an IPv4 address inside
            "2620:4f:8000::/48",  # AS112
            "3fff::/20",  # documentation
        ),
    )
)
"""Non-public ranges within global unicast; `::/96`, NAT64, `fec0::/10`, local and multicast are outside of it."""


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
    if isinstance(found, IPv4Address):
        return not any(found in network for network in _NOT_PUBLIC_4)
    return found.scope_id is None and found in _PUBLIC_6 and not any(found in network for network in _NOT_PUBLIC_6)


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
    return _check_destination(
        Destination(url, parts.scheme, parts.hostname or "", _port_or_default(parts.scheme, port)), allowed
    )


def _port_or_default(scheme: str, named: int | None) -> int:
    if named is not None:
        return named
    return 80 if scheme == "http" else 443


def _check_destination(found: Destination, allowed: Iterable[str]) -> Destination:
    if found.scheme in {"http", "https"} and f"{found.host}:{found.port}" in set(allowed):
        return Destination(found.url, found.scheme, found.host, found.port, is_allowed=True)
    if found.scheme != "https":
        raise DestinationRefused("Use https.")
    if found.port not in PORTS:
        raise DestinationRefused("Use port 443 or 8443.")
    _check_host(found.host)
    return found


def _check_host(host: str) -> None:
    if _is_literal(host):
        if not is_public(host):
            raise DestinationRefused("Use a public IP address.")
    elif not _NAME.fullmatch(host):
        raise DestinationRefused("Use a full host name, such as lms.example, without a dot at its end.")
    elif host.rpartition(".")[2] in _INTERNAL_LABELS:
        raise DestinationRefused("Use a name in the public DNS.")


def _is_literal(host: str) -> bool:
    """Return True if the host is an IP address in canonical form; 0x7f.1, 017700000001 and 127.1 are not."""
    try:
        found = ip_address(host)
    except ValueError:
        return False
    return isinstance(found, IPv6Address) or str(found) == host
