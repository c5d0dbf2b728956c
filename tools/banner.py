"""Build the script of the cookie banner from its parts: ``python -m tools.banner``.

The parts are in ``consent/cookies/banner_parts``: the vendored library vanilla-cookieconsent (MIT) with its style, and
our code. A released version never changes: raise ``CURRENT`` in ``consent/cookies/banner.py`` before building
another one.
"""

import base64
import hashlib
import json
import os
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paktaleem.settings")
django.setup()

from consent.cookies.banner import CURRENT  # noqa: E402 -- the apps must be there first

PARTS = Path(__file__).resolve().parent.parent / "consent" / "cookies" / "banner_parts"
STATIC = PARTS.parent / "static" / "cookies"
LIBRARY = "cookieconsent-3.1.0"


def build() -> bytes:
    """Return the script: licence, library without globals, style as a string, our code."""
    licence = (PARTS / "LICENSE-cookieconsent.txt").read_text(encoding="utf-8").strip()
    library = (PARTS / f"{LIBRARY}.umd.js").read_text(encoding="utf-8").strip()
    style = (PARTS / f"{LIBRARY}.css").read_text(encoding="utf-8").strip()
    return "\n".join(
        (
            f"/*!\nPakTaleem cookie banner {CURRENT}. It contains vanilla-cookieconsent 3.1.0:\n{licence}\n*/",
            "(function () {",
            "var cookieConsentLibrary = {};",
            "(function (exports, module) {",
            library,
            "}).call({}, cookieConsentLibrary, {});",
            f"var cookieConsentStyle = {json.dumps(style)};",
            (PARTS / "banner.js").read_text(encoding="utf-8").strip(),
            "})();\n",
        )
    ).encode()


def compute_integrity(content: bytes) -> str:
    """Return the integrity value of a file (Subresource Integrity)."""
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


if __name__ == "__main__":
    content = build()
    (STATIC / f"banner-{CURRENT}.js").write_bytes(content)
    print(CURRENT, compute_integrity(content), len(content))  # noqa: T201 -- a command
