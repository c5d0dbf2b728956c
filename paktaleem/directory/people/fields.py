"""The registry of a person's sealed fields, read by models, API, console and rosters. Pure.

A new field is one entry here, a field of ``SubjectDetails``, and a column of ``Subject`` with its migration.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from paktaleem.foundation.text.marking import mark as _


class FieldKind(StrEnum):
    """How a value is written and checked. A ``TEXT`` needs no code of its own anywhere."""

    TEXT = "text"
    NAME = "name"
    EMAIL = "email"
    PHONE = "phone"
    DAY = "day"
    AGE = "age"
    AGE_CHECK = "age_check"


@dataclass(frozen=True, slots=True)
class PersonalField:
    """One sealed field: its label in the console, its length in characters, and its column in the spreadsheet, if any.

    ``hint`` and ``hint_ur`` are the template's hints. ``is_of_guardians`` fields can be sent for a guardian named with
    a child; ``is_later`` ones are left out of a fingerprint when empty, so that earlier fingerprints still match.
    """

    name: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    longest: int = 300
    heading: str = ""
    hint: str = ""
    hint_ur: str = ""
    is_required: bool = False
    is_of_guardians: bool = False
    is_later: bool = True


PERSONAL_FIELDS = (
    PersonalField(
        "full_name",
        _("Full name"),
        FieldKind.NAME,
        heading="Full name",
        hint="as at school",
        hint_ur="پورا نام",
        is_required=True,
        is_of_guardians=True,
        is_later=False,
    ),
    PersonalField(
        "email",
        _("Email address"),
        FieldKind.EMAIL,
        254,
        heading="Email",
        hint="the person's own",
        hint_ur="اپنا ای میل",
        is_of_guardians=True,
        is_later=False,
    ),
    PersonalField(
        "phone",
        _("Phone"),
        FieldKind.PHONE,
        40,
        heading="Phone",
        hint="with country code, +92…",
        hint_ur="فون نمبر",
        is_of_guardians=True,
        is_later=False,
    ),
    PersonalField(
        "birth_date",
        _("Birth date"),
        FieldKind.DAY,
        heading="Birth date",
        hint="2014-03-27",
        hint_ur="تاریخ پیدائش",
        is_later=False,
    ),
    PersonalField("attested_age", _("Attested age"), FieldKind.AGE, is_later=False),
    PersonalField("declared_age", _("Declared age"), FieldKind.AGE),
    PersonalField("age_check", _("Age check by a provider"), FieldKind.AGE_CHECK),
)
"""Every sealed field of a person, in the order in which they are shown."""

PERSONAL = tuple(field.name for field in PERSONAL_FIELDS)


GRADE_LIMIT = 32
_NOTHING = frozenset({"N/A", "#N/A", "NA", "N.A", "NONE", "NULL", "NIL", "NOT APPLICABLE", "UNKNOWN", "TBD"})
"""Words for no value, which school systems and spreadsheet programs write."""


def says_nothing(text: str) -> bool:
    """Return True for an empty text, and for a word such as “N/A” that stands for none."""
    plain = text.strip().upper().rstrip(".")
    return not plain or plain in _NOTHING


_NUMBERED = re.compile(r"(?:(?:GRADE|CLASS|جماعت) ?)?0*([0-9]{1,2})")


def parse_grade(text: str | None) -> str:
    """Return a grade in its one form: a number without zeros before it, or a code in capitals; empty for none.

    “07”, “Grade 7” and “Class 7” are “7”, in Urdu digits too; “kg” is “KG”. Raises ValueError for other texts.
    """
    plain = unicodedata.normalize("NFC", " ".join((text or "").split())).upper()
    if len(plain) > GRADE_LIMIT or any(unicodedata.category(one) in {"Cc", "Cs"} for one in plain):
        raise ValueError(f"Use a grade of at most {GRADE_LIMIT} visible characters, such as 7 or KG.")
    if plain and (says_nothing(plain) or not any(one.isalnum() for one in plain)):
        raise ValueError("Leave the grade empty if there is none.")
    numbered = _NUMBERED.fullmatch("".join(str(unicodedata.decimal(one, one)) for one in plain))
    return numbered[1] if numbered else plain
