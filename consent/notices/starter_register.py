"""The starter register: PakTaleem's shared catalogue, as in its privacy policy (§1–§3, §7).

``starter_register.toml`` has it. Loaded by ``manage.py load_register``; all of it can be changed in the console
afterwards.
"""

from pathlib import Path

import msgspec

ROLES = ("student", "learner", "instructor", "administrator", "guardian")


class PurposeText(msgspec.Struct, frozen=True):
    """One purpose of the starter register; ``needs_account``: it only serves people whose account is open."""

    name_en: str
    name_ur: str
    description_en: str
    description_ur: str
    categories: tuple[str, ...]
    basis: str
    capacity: str
    dpv_term: str
    needs_account: bool
    legal_reference: str = ""
    automated: str = "none"


class StarterRegister(msgspec.Struct, frozen=True):
    """Data categories and occasions by code with their names in English and Urdu, and purposes by code."""

    categories: dict[str, tuple[str, str]]
    occasions: dict[str, tuple[str, str]]
    purposes: dict[str, PurposeText]


_REGISTER = msgspec.toml.decode(Path(__file__).with_suffix(".toml").read_bytes(), type=StarterRegister)
CATEGORIES, OCCASIONS, PURPOSES = _REGISTER.categories, _REGISTER.occasions, _REGISTER.purposes

_TEXTS = Path(__file__).with_name("texts")

PRIVACY_NOTICE = {
    language: (_TEXTS / f"privacy_notice.{language}.txt").read_text(encoding="utf-8") for language in ("en", "ur")
}
"""The first version of the privacy notice, written for this project."""
