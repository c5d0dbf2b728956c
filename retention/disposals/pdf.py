"""Certificates of disposals as PDF, in English and Urdu. Pure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paktaleem.foundation.text.typesetting import typeset_certificate

_TEMPLATE = Path(__file__).resolve().parent / "certificate.typ"


def render_certificate(body: Mapping[str, Any], *, sha256: str) -> bytes:
    """Return a certificate as PDF/UA-1; ``body`` is its content, ``sha256`` (hex) the hash of its JSON."""
    return typeset_certificate(_TEMPLATE, body, sha256=sha256)
