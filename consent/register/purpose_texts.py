"""The text of a purpose in one language, as every page, form and receipt shows it. Pure.

Pages render it by ``purposes/text.html``, the paper form by ``purpose-text`` in ``form.typ``.
"""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class PurposeText:
    """The text about a purpose that people read before they decide; a purpose has each field in both languages."""

    name: str
    description: str


PURPOSE_WORDS = (*(f"{one.name}_{language}" for one in fields(PurposeText) for language in ("en", "ur")), "dpv_term")
"""The columns of a purpose that describe the use of people’s data."""


def describe_purpose(purpose: object, language: str) -> PurposeText:
    """Return the text of a purpose, or of a historical version of one, in Urdu (``ur``) or else in English."""
    suffix = "ur" if language == "ur" else "en"
    return PurposeText(**{one.name: str(getattr(purpose, f"{one.name}_{suffix}")) for one in fields(PurposeText)})
