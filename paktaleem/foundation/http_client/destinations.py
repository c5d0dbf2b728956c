"""Where the portal may send: public addresses over https, and nothing that could lie inside. Pure.

The portal stands next to databases, metadata services and other people's machines, and anybody who registers a
webhook names where it is to call. So an address is taken only in its one plain form, and what a name resolves to is
judged after resolving, before connecting (OWASP SSRF; RFC 6890 and the IANA special-purpose registries).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["PORTS", "Destination", "DestinationRefused", "is_public", "parse_destination"]

PORTS = (443, 8443)
_MOST_CHARACTERS = 2_000
_NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_INSIDE = ("localhost", "local", "internal", "home", "lan", "corp", "intranet", "private", "test", "invalid", "onion")
"""Last labels that are not of the public DNS."""

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
"""What is not public within global unicast; `::/96`, NAT64, `fec0::/10`, local and multicast lie outside it."""


class DestinationRefused(ValueError):
    """The portal does not send there; the argument says why, in words for whoever registered the address."""


@dataclass(frozen=True, slots=True)
class Destination:
    """One address of one system, in its plain form; ``is_allowed`` if the operator vouches for host and port."""

    url: str
    scheme: str
    host: str
    port: int
    is_allowed: bool = False


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the public internet; what is not understood is not."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv4Address):
        return not any(found in network for network in _NOT_PUBLIC_4)
    return found.scope_id is None and found in _PUBLIC_6 and not any(found in network for network in _NOT_PUBLIC_6)


def parse_destination(url: str, *, allowed: Iterable[str] = ()) -> Destination:
    """Take an address apart. ``allowed`` are ``host:port`` pairs the operator vouches for: tests and trials.

    Raises DestinationRefused unless it is ``https://host[:443|:8443]/…`` with a full public name or a public IP
    address in its usual form: no user information, no fragment, no trailing dot, no letters that only look like dots.
    """
    if len(url) > _MOST_CHARACTERS or not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}'):
        raise DestinationRefused(f"Use at most {_MOST_CHARACTERS:,} plain characters; write other scripts as punycode.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise DestinationRefused("This is not an address such as https://lms.example/hooks.") from error
    if "@" in parts.netloc or "#" in url:
        raise DestinationRefused("Leave out user names, passwords and fragments.")
    return _judged(Destination(url, parts.scheme, parts.hostname or "", _port_of(parts.scheme, port)), allowed)


def _port_of(scheme: str, named: int | None) -> int:
    if named is not None:
        return named
    return 80 if scheme == "http" else 443


def _judged(found: Destination, allowed: Iterable[str]) -> Destination:
    if found.scheme in {"http", "https"} and f"{found.host}:{found.port}" in set(allowed):
        return Destination(found.url, found.scheme, found.host, found.port, is_allowed=True)
    if found.scheme != "https":
        raise DestinationRefused("Use https.")
    if found.port not in PORTS:
        raise DestinationRefused("Use port 443 or 8443.")
    _judge_host(found.host)
    return found


def _judge_host(host: str) -> None:
    if _is_literal(host):
        if not is_public(host):
            raise DestinationRefused("This address is not one of the public internet.")
    elif not _NAME.fullmatch(host):
        raise DestinationRefused("Use a full host name, such as lms.example, without a dot at its end.")
    elif host.rpartition(".")[2] in _INSIDE:
        raise DestinationRefused("This name is not one of the public internet.")


def _is_literal(host: str) -> bool:
    """Say whether it is an IP address in its one usual form: 0x7f.1, 017700000001 and 127.1 are none, nor names."""
    try:
        found = ip_address(host)
    except ValueError:
        return False
    return isinstance(found, IPv6Address) or str(found) == host
