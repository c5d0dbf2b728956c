"""Client IP address of a request, and the public URL of the portal."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

__all__ = ["get_public_url", "get_remote_address"]

IPV6_NETWORK = 64
"""Prefix length for IPv6: a household has at least a /64 network, so single addresses are not counted."""


def get_remote_address(request: HttpRequest) -> str | None:
    """Return the IP address of a request, or None; for IPv6, its /64 network.

    Each of the TRUSTED_PROXIES proxies in front of us appends an address to X-Forwarded-For, so the client's
    address is that many places from the end; earlier ones can be forged (ASVS 4.1.3). Without trusted proxies the
    header is ignored.
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


def get_public_url(request: HttpRequest) -> str:
    """Return PUBLIC_URL, else the URL of the requested host; https unless cookies are allowed without it (trial)."""
    if settings.PUBLIC_URL:
        return str(settings.PUBLIC_URL).rstrip("/")
    scheme = "https" if settings.SESSION_COOKIE_SECURE else request.scheme
    return f"{scheme}://{request.get_host()}"
