"""The script that a client's pages include: its released versions, address and integrity value.

A released file never changes: pages name its digest (Subresource Integrity), and a browser refuses another content.
``python -m tests.banner`` builds the file of the current version from ``consent/cookies/banner_parts``.
"""

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

from paktaleem.foundation.accounts.ip_addresses import build_public_url

__all__ = ["CURRENT", "RELEASES", "get_script_origin", "get_script_path", "render_tag"]

CURRENT = "1.0.0"
RELEASES = {
    "1.0.0": "sha384-DDVED4Z6/kCk5VJ1PD0Ujtu5r5O7dVic7oHEVrBixMri5vGdm56F+fbyU6zMrbyD",
}
"""Released versions, each with the digest of its file."""


def get_script_path(version: str = CURRENT) -> str:
    """Return the path of a version; it has no digest in its name, so that it stays the same."""
    return f"{settings.STATIC_URL}cookies/banner-{version}.js"


def render_tag(key: str) -> SafeString:
    """Return the element that the pages of a site include, to copy."""
    tag = (
        '<script src="{}" integrity="{}" crossorigin="anonymous" defer\n'
        '        data-site="{}" data-child="yes"></script>'
    )
    return format_html(tag, build_public_url(get_script_path()), RELEASES[CURRENT], key)


def get_script_origin() -> str:
    """Return the origin that pages with the banner must allow, for scripts and connections."""
    return build_public_url("")
