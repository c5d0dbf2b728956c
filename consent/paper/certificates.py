"""Certificates as PDF, in English and Urdu, laid out by typst from a template and the JSON alone. Pure."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import typst

from consent.paper.pdf import FONTS

__all__ = ["typeset_certificate", "typeset_certificate_pngs"]

_ROOT = Path(__file__).resolve().parents[2]


def typeset_certificate(template: Path, body: Mapping[str, Any], *, sha256: str) -> bytes:
    """Return a certificate as PDF/UA-1; ``body`` is its content, ``sha256`` (hex) the hash of its JSON."""
    found: bytes = typst.compile(**_arguments(template, body, sha256, "pdf"), pdf_standards="ua-1")
    return found


def typeset_certificate_pngs(template: Path, body: Mapping[str, Any], *, sha256: str, ppi: float = 100) -> list[bytes]:
    """Return the same pages as PNG, for visual checks."""
    found = typst.compile(**_arguments(template, body, sha256, "png"), ppi=ppi)
    return found if isinstance(found, list) else [found]


def _arguments(template: Path, body: Mapping[str, Any], sha256: str, kind: Literal["pdf", "png"]) -> dict[str, Any]:
    return {
        "input": str(template),
        "root": str(_ROOT),
        "font_paths": [str(FONTS)],
        "ignore_system_fonts": True,
        "format": kind,
        "sys_inputs": {"certificate": json.dumps({**body, "sha256": sha256}, ensure_ascii=False)},
    }
