"""A pack as PDF, in English and Urdu. Pure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paktaleem.foundation.text.typesetting import typeset_certificate

type Names = Mapping[str, Mapping[str, list[str]]]
"""English and Urdu names of codes, by ``section.column``."""
MOST_REQUESTS = 200
"""Largest number of rights requests that the PDF lists; the ZIP has all of them."""
_TEMPLATE = Path(__file__).resolve().parent / "pack.typ"


def render_pack(body: Mapping[str, Any], *, names: Names, sha256: str) -> bytes:
    """Return a pack as PDF/UA-1; ``body`` is its content, ``sha256`` (hex) the hash of its JSON."""
    return typeset_certificate(_TEMPLATE, _shorten(body, names), sha256=sha256)


def _shorten(body: Mapping[str, Any], names: Names) -> dict[str, Any]:
    sections = {code: dict(section) for code, section in body["sections"].items()}
    totals = {code: len(section["rows"]) for code, section in sections.items()}
    for section in sections.values():
        section["rows"] = section["rows"][:MOST_REQUESTS]
    return {**body, "sections": sections, "totals": totals, "names": names}
