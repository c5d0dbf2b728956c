"""Rules of apps above about sign-in: which memberships a session may use, and whose password does not sign in."""

from collections.abc import Callable, Sequence
from datetime import datetime
from ipaddress import IPv6Address, IPv6Network, ip_address
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from paktaleem.foundation.accounts.selectors import MembershipChoice
from paktaleem.foundation.operations.extensions import ExtensionPoint

type MembershipRule = Callable[[HttpRequest, Sequence[MembershipChoice]], Sequence[MembershipChoice]]

membership_rules: ExtensionPoint[MembershipRule] = ExtensionPoint(
    "accounts.membership_rules", "Memberships that a session may use, of those of its user; called outside any context."
)
password_rules: ExtensionPoint[Callable[[UUID, datetime], bool]] = ExtensionPoint(
    "accounts.password_rules", "True if the password of a member of staff does not sign in; called in a global context."
)


IPV6_NETWORK = 64
"""Prefix length for IPv6: a household has at least a /64 network, so single addresses are not counted."""

_TRIAL_URL = "http://127.0.0.1:8000"


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


def build_public_url(path: str) -> str:
    """Return the full URL of a path of the portal, for emails that no request causes.

    Without PUBLIC_URL only a trial starts (startup.E005); its URL is that of ``runserver``. Raises
    ImproperlyConfigured elsewhere: a link without a host would lead nowhere.
    """
    base = settings.PUBLIC_URL or ("" if settings.SESSION_COOKIE_SECURE else _TRIAL_URL)
    if not base:
        raise ImproperlyConfigured("PUBLIC_URL is not set, so emails cannot link to the portal.")
    return f"{str(base).rstrip('/')}{path}"


def get_public_url(request: HttpRequest) -> str:
    """Return PUBLIC_URL, else the URL of the requested host; https unless cookies are allowed without it (trial)."""
    if settings.PUBLIC_URL:
        return str(settings.PUBLIC_URL).rstrip("/")
    scheme = "https" if settings.SESSION_COOKIE_SECURE else request.scheme
    return f"{scheme}://{request.get_host()}"
