"""From where a request comes, as far as that can be believed, and at which address we are known."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

__all__ = ["client_address", "public_address"]

IPV6_NETWORK = 64
"""One household or office has at least a /64 of its own, so single IPv6 addresses count for nothing."""


def client_address(request: HttpRequest) -> str | None:
    """Return the address a request came from; of an IPv6 address its /64 network.

    Each of the TRUSTED_PROXIES proxies in front of us appended the address it saw to X-Forwarded-For, so the
    client's is that many places from the end; whatever stands before it the client may have made up
    (ASVS 4.1.3). Without trusted proxies the header counts for nothing.
    """
    seen = str(request.META.get("REMOTE_ADDR") or "")
    if settings.TRUSTED_PROXIES:
        chain = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        seen = chain[-settings.TRUSTED_PROXIES] if len(chain) >= settings.TRUSTED_PROXIES else seen
    try:
        address = ip_address(seen)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(IPv6Network((address, IPV6_NETWORK), strict=False).network_address)
    return str(address)


def public_address(request: HttpRequest) -> str:
    """Give PUBLIC_URL, else the host asked; always https but where cookies are allowed without (a trial)."""
    if settings.PUBLIC_URL:
        return str(settings.PUBLIC_URL).rstrip("/")
    scheme = "https" if settings.SESSION_COOKIE_SECURE else request.scheme
    return f"{scheme}://{request.get_host()}"
