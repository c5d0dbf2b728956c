"""Certificates of exits as PDF, in English and Urdu. Pure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from consent.paper.certificates import typeset_certificate, typeset_certificate_pngs

__all__ = ["render_certificate", "render_certificate_pngs"]

_TEMPLATE = Path(__file__).resolve().parent / "certificate.typ"


def render_certificate(body: Mapping[str, Any], *, sha256: str) -> bytes:
    """Return a certificate as PDF/UA-1; ``body`` is its content, ``sha256`` (hex) the hash of its JSON."""
    return typeset_certificate(_TEMPLATE, body, sha256=sha256)


def render_certificate_pngs(body: Mapping[str, Any], *, sha256: str, ppi: float = 100) -> list[bytes]:
    """Return the same pages as PNG, for visual checks."""
    return typeset_certificate_pngs(_TEMPLATE, body, sha256=sha256, ppi=ppi)
