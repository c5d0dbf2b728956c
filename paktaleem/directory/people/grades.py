"""The one form in which grades of pupils are kept and compared. Pure."""

import re
import unicodedata

GRADE_LIMIT = 32
_NOTHING = frozenset({"N/A", "#N/A", "NA", "N.A", "NONE", "NULL", "NIL", "NOT APPLICABLE", "UNKNOWN", "TBD"})
"""Words for no grade, which school systems and spreadsheet programs write."""
_NUMBERED = re.compile(r"(?:(?:GRADE|CLASS|جماعت) ?)?0*([0-9]{1,2})")


def parse_grade(text: str | None) -> str:
    """Return a grade in its one form: a number without zeros before it, or a code in capitals; empty for none.

    “07”, “Grade 7” and “Class 7” are “7”, in Urdu digits too; “kg” is “KG”. Raises ValueError for a text that is no
    grade.
    """
    plain = unicodedata.normalize("NFC", " ".join((text or "").split())).upper()
    if len(plain) > GRADE_LIMIT or any(unicodedata.category(one) in {"Cc", "Cs"} for one in plain):
        raise ValueError(f"Use a grade of at most {GRADE_LIMIT} visible characters, such as 7 or KG.")
    if plain and (plain.rstrip(".") in _NOTHING or not any(one.isalnum() for one in plain)):
        raise ValueError("Leave the grade empty if there is none.")
    numbered = _NUMBERED.fullmatch("".join(str(unicodedata.decimal(one, one)) for one in plain))
    return numbered[1] if numbered else plain
