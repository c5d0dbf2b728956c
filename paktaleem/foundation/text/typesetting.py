"""PDFs laid out by typst from a template and values, with the included fonts only. Pure.

Values are passed to typst as data only. The fonts are in ``fonts``, with their licences: Noto Sans and Noto Nastaliq
Urdu, and for other characters Droid Sans Fallback (Chinese, kana) and Noto Emoji. The output is therefore the same on
every machine.
"""

import json
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

_FONTS = Path(__file__).resolve().parent / "fonts"
_ACCESSIBLE = "ua-1"
_JOINER = "\N{ZERO WIDTH JOINER}"
_PROBE = b'#set document(title: "Probe")\n#sys.inputs.text'
_printable: set[str] = set()
"""The characters that typst has printed in this process."""


def typeset(template: Path, *, root: Path, name: str, values: Mapping[str, object]) -> bytes:
    """Return the template as PDF; it reads ``values`` as JSON in its input ``name``.

    The PDF is accessible (PDF/UA-1, ISO 14289-1). That standard forbids characters that no font has: with one of them,
    the PDF is tagged in the same way, shows an empty box in its place, and does not declare the standard.
    """
    inputs = {name: json.dumps(values, ensure_ascii=False)}
    try:
        return _compile(str(template), inputs, root=str(root), pdf_standards=_ACCESSIBLE)
    except typst.TypstError:
        return _compile(str(template), inputs, root=str(root))


def find_unprintable(text: str) -> list[str]:
    """Return the characters, with their combining marks, that no font of the PDFs has; each once, in their order."""
    unknown = [each for each in dict.fromkeys(_split_characters(text)) if each not in _printable]
    if not unknown or _prints(" ".join(unknown)):
        _printable.update(unknown)
        return []
    return [each for each in unknown if not _prints(each)]


def _split_characters(text: str) -> list[str]:
    characters: list[str] = []
    for each in text:
        belongs = unicodedata.category(each) in {"Mn", "Mc", "Me", "Cf"}
        if characters and (belongs or characters[-1].endswith(_JOINER)):
            characters[-1] += each
        elif not each.isspace():
            characters.append(each)
    return characters


def _prints(text: str) -> bool:
    try:
        _compile(_PROBE, {"text": text}, pdf_standards=_ACCESSIBLE)
    except typst.TypstError:
        return False
    return True


def _compile(source: str | bytes, inputs: dict[str, str], **options: Any) -> bytes:
    pdf: bytes = typst.compile(
        source, format="pdf", sys_inputs=inputs, font_paths=[str(_FONTS)], ignore_system_fonts=True, **options
    )
    return pdf


_ROOT = Path(__file__).resolve().parents[3]


def typeset_certificate(template: Path, body: Mapping[str, object], *, sha256: str) -> bytes:
    """Return a certificate as PDF; ``body`` is its content, ``sha256`` (hex) the hash of its JSON."""
    return typeset(template, root=_ROOT, name="certificate", values={**body, "sha256": sha256})
