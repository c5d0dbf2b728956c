"""The script that a client's pages include: its released versions, address and integrity value.

A released file never changes: pages name its digest (Subresource Integrity), and a browser refuses another content.
``python -m tests.banner`` builds the file of the current version from ``consent/cookies/banner_parts``.
"""

from django.conf import settings

from consent.cookies.models.register import Storage
from paktaleem.foundation.accounts.ip_addresses import build_public_url

CURRENT = "1.1.0"
RELEASES = {
    "1.1.0": "sha384-7Z48yZS/DCmmxpwQQUkDaPr1yXLjPNKdkoC4XtfXtitmY0E90t9dpqsxyS6hhu9e",
    "1.0.0": "sha384-Kj8w2QINUY22HIS/mnSWutlv900uBNscuwIfGo8s/Pb17uNczev8xwz+JknTMcuu",
}
"""Released versions, each with the digest of its file."""
ENTRIES = (("paktaleem_cookie_choice", Storage.COOKIE), ("paktaleem_cookie_state", Storage.LOCAL))
"""Necessary entries that the script stores in a visitor's browser; they belong in the register of each client."""


def get_script_path(version: str = CURRENT) -> str:
    """Return the path of a version; it has no digest in its name, so that it stays the same."""
    return f"{settings.STATIC_URL}cookies/banner-{version}.js"


def render_tag(key: str) -> str:
    """Return the element that the pages of a site include, to copy: a plain text, which templates escape."""
    address, integrity = build_public_url(get_script_path()), RELEASES[CURRENT]
    return (
        f'<script src="{address}" integrity="{integrity}" crossorigin="anonymous" defer\n'
        f'        data-site="{key}" data-child="yes"></script>'
    )


def get_script_origin() -> str:
    """Return the origin that pages with the banner must allow, for scripts and connections."""
    return build_public_url("")
