"""Certificates as PDF, in English and Urdu, laid out from a template and the JSON alone. Pure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paktaleem.foundation.typesetting import typeset

_ROOT = Path(__file__).resolve().parents[2]


def typeset_certificate(template: Path, body: Mapping[str, Any], *, sha256: str) -> bytes:
    """Return a certificate as PDF; ``body`` is its content, ``sha256`` (hex) the hash of its JSON."""
    return typeset(template, root=_ROOT, name="certificate", values={**body, "sha256": sha256})
