"""The columns of the plain spreadsheet: heading, whether required, and a hint in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass

from paktaleem.directory.people.fields import PERSONAL_FIELDS

GUARDIANS = (1, 2)
ROLES: Mapping[str, str] = {
    "student": "student",
    "learner": "learner",
    "teacher": "instructor",
    "instructor": "instructor",
    "administrator": "administrator",
}
RELATIONSHIPS = ("parent", "guardian", "relative")
LANGUAGES: Mapping[str, str] = {"english": "en", "urdu": "ur", "en": "en", "ur": "ur"}
ACTIVE, CLOSED = "active", "closed"
COMMENT = "#"
"""Rows whose first cell begins with this are skipped, such as the template's hints."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name in code, heading, hint in English and Urdu, and allowed values."""

    name: str
    heading: str
    hint: str
    hint_ur: str
    required: bool = False
    choices: tuple[str, ...] = ()


def _guardian(number: int) -> tuple[Column, ...]:
    name, heading = f"guardian_{number}", f"Guardian {number}"
    return (
        Column(
            f"{name}_id", f"{heading} ID", "of a registered person; then leave the name empty", "رجسٹرڈ سرپرست کا نمبر"
        ),
        Column(f"{name}_name", f"{heading} name", "of a student's parent or guardian", "والد، والدہ یا سرپرست کا نام"),
        Column(f"{name}_relationship", f"{heading} relationship", "how related", "رشتہ", choices=RELATIONSHIPS),
        Column(f"{name}_email", f"{heading} email", "their own, not the student's", "سرپرست کا اپنا ای میل"),
        Column(f"{name}_phone", f"{heading} phone", "with country code", "سرپرست کا فون نمبر"),
    )


COLUMNS = (
    Column(
        "external_id",
        "ID",
        "the school's own number; not an email address",
        "اسکول کا نمبر؛ ای میل نہیں",
        required=True,
    ),
    Column(
        "role",
        "Role",
        "student, learner, teacher or administrator; several with a comma",
        "کردار؛ ایک سے زیادہ ہوں تو درمیان میں کاما",
        required=True,
        choices=tuple(ROLES),
    ),
    *(
        Column(field.name, field.heading, field.hint, field.hint_ur, required=field.is_required)
        for field in PERSONAL_FIELDS
        if field.heading
    ),
    Column("country", "Country", "where they live, if not the school's: PK", "رہائش کا ملک: PK"),
    Column("language", "Language", "English or Urdu", "زبان", choices=("English", "Urdu")),
    Column("account", "Account", "active; closed for who has left", "فعال یا بند", choices=(ACTIVE, CLOSED)),
    Column("school", "School", "its name, the same in each row", "اسکول کا نام، ہر سطر میں یکساں"),
    Column("class", "Class", "such as 4-A", "جماعت، جیسے 4-A"),
    Column("grade", "Grade", "such as 4 or KG", "درجہ، جیسے 4 یا KG"),
    *(column for number in GUARDIANS for column in _guardian(number)),
)
BY_HEADING: Mapping[str, Column] = {column.heading.casefold(): column for column in COLUMNS}
HEADINGS: Mapping[str, str] = {column.name: column.heading for column in COLUMNS}
