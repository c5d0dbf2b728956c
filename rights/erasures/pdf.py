"""Certificates of erasures as PDF, in English and Urdu, laid out by typst; made from the JSON alone. Pure."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import typst

from consent.paper.pdf import FONTS

__all__ = ["render_certificate", "render_certificate_pngs"]

_HERE = Path(__file__).resolve().parent


def render_certificate(body: Mapping[str, Any], *, sha256: str) -> bytes:
    """Return a certificate as PDF/UA-1; ``body`` is its content, ``sha256`` (hex) the hash of its JSON."""
    found: bytes = typst.compile(**_arguments(body, sha256, "pdf"), pdf_standards="ua-1")
    return found


def render_certificate_pngs(body: Mapping[str, Any], *, sha256: str, ppi: float = 100) -> list[bytes]:
    """Return the same pages as PNG, for visual checks."""
    found = typst.compile(**_arguments(body, sha256, "png"), ppi=ppi)
    return found if isinstance(found, list) else [found]


def _arguments(body: Mapping[str, Any], sha256: str, kind: Literal["pdf", "png"]) -> dict[str, Any]:
    return {
        "input": str(_HERE / "certificate.typ"),
        "root": str(_HERE),
        "font_paths": [str(FONTS)],
        "ignore_system_fonts": True,
        "format": kind,
        "sys_inputs": {"certificate": json.dumps({**body, "sha256": sha256}, ensure_ascii=False)},
    }
