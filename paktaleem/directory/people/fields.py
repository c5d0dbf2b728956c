"""The registry of a person's sealed fields, read by models, API, console and rosters. Pure.

A new field is one entry here, a field of ``SubjectDetails``, and a column of ``Subject`` with its migration.
"""

from dataclasses import dataclass
from enum import StrEnum

from paktaleem.foundation.marking import mark as _


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
    """One sealed field: its label in the console, its length in characters, and its column in the spreadsheet.

    A field without a ``heading`` is not in the spreadsheet; ``hint`` and ``hint_ur`` are the template's hints.
    ``is_of_guardians`` fields can be sent for a guardian named with a child. ``is_later`` fields are left out of a
    fingerprint when they are empty, so that earlier fingerprints still match.
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
