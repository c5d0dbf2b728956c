"""The one form in which grades of pupils are kept and compared. Pure."""

import re
import unicodedata

__all__ = ["GRADE_LIMIT", "parse_grade"]

GRADE_LIMIT = 32
_NUMBERED = re.compile(r"(?:(?:GRADE|CLASS|جماعت) ?)?0*([0-9]{1,2})")


def parse_grade(text: str | None) -> str:
    """Return a grade in its one form: a number without zeros before it, or a code in capitals; empty for none.

    “07”, “Grade 7” and “Class 7” are “7”, in Urdu digits too; “kg” is “KG”. Raises ValueError for a text that is no
    grade.
    """
    plain = unicodedata.normalize("NFC", " ".join((text or "").split())).upper()
    if len(plain) > GRADE_LIMIT or any(unicodedata.category(one) in {"Cc", "Cs"} for one in plain):
        raise ValueError(f"Use a grade of at most {GRADE_LIMIT} visible characters, such as 7 or KG.")
    numbered = _NUMBERED.fullmatch("".join(str(unicodedata.decimal(one, one)) for one in plain))
    return numbered[1] if numbered else plain
