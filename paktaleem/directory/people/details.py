"""A person's registered details: validation, normalisation, derived columns, and changes that loosen the age gate.

The age gate determines who decides for a person: a guardian or the person. The first statement of an age takes effect
at once, but neither a change of role or country alone turns a child into an adult, nor do several changes in a row:
removing the statement that makes someone a child, or a contradiction, waits for a second person.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_noop

from paktaleem.directory.people import ages
from paktaleem.directory.people.ages import birthday, combine_statements, is_child, of_age_at
from paktaleem.directory.people.fields import PERSONAL_FIELDS, FieldKind, PersonalField, parse_grade
from paktaleem.foundation.accounts.thresholds import Thresholds
from paktaleem.foundation.encryption.sealing import Sealed, Sealer, blind_index
from paktaleem.foundation.text.countries import is_country
from paktaleem.foundation.text.normal_forms import bare_number, fold_spelling, normal_number

LANGUAGES = ("en", "ur")
ROLES = ("student", "learner", "instructor", "administrator", "guardian")
"""Roles in a learning platform; a person's other roles are stored in this order."""
PLAIN = ("role", "other_roles", "language", "is_enabled", "country", "grade")
"""Details stored in clear."""
_GUARDIAN = "guardian"
RESERVED = frozenset({"batch"})
"""Reserved: ``/api/v1/subjects/`` has endpoints of these names."""
_OLDEST = date(1900, 1, 1)
ADULT_SENTINEL = datetime(1970, 1, 1, tzinfo=UTC)
"""Stored for everyone who is of age: earlier than any consent, and reveals no birthday."""


@dataclass(frozen=True, slots=True)
class AgeCheck:
    """A provider's age check: over or under an age, no birth date (ISO/IEC 27566-1), and the check's reference."""

    result: str
    years: int
    checked_on: date
    provider: str
    reference: str

    @property
    def text(self) -> str:
        """The check as it is sealed: ``over 13@2026-10-01 provider/reference``."""
        return f"{self.result} {self.years}@{self.checked_on} {self.provider}/{self.reference}"

    @classmethod
    def read(cls, text: str) -> "AgeCheck":
        found = _CHECK.fullmatch(text.strip())
        if found is None or not 0 < int(found["years"]) <= 120:  # noqa: PLR2004 -- a human age
            raise ValueError("Use over or under, an age, the day, the provider code and the check reference.")
        day = date.fromisoformat(found["day"])
        return cls(found["result"], int(found["years"]), day, found["provider"], found["reference"])


_CHECK = re.compile(
    r"(?P<result>over|under) (?P<years>\d{1,3})@(?P<day>\d{4}-\d{2}-\d{2}) "
    r"(?P<provider>[a-z0-9][a-z0-9._-]{0,62})/(?P<reference>[A-Za-z0-9][A-Za-z0-9._-]{0,99})"
)


@dataclass(frozen=True, slots=True)
class SubjectDetails:
    """A person's registered details as plain values; None where unknown.

    ``attested_age`` is an age in whole years that the client vouches for; ``declared_age`` is the person's own
    statement; ``age_check`` is a provider's, as ``AgeCheck`` writes it. ``country`` of residence (ISO 3166) selects the
    age threshold; empty: the institution's. ``grade`` is as ``parse_grade`` writes it.
    """

    role: str
    full_name: str | None = None
    email: str | None = None
    phone: str | None = None
    birth_date: date | None = None
    attested_age: int | None = None
    attested_on: date | None = None
    language: str = "en"
    is_enabled: bool = True
    country: str = ""
    declared_age: int | None = None
    declared_on: date | None = None
    age_check: str | None = None
    other_roles: tuple[str, ...] = ()
    grade: str = ""

    @property
    def roles(self) -> tuple[str, ...]:
        return (self.role, *self.other_roles)

    def changed(self, changes: Mapping[str, Any]) -> "SubjectDetails":
        return replace(self, **changes)

    def checked(self, *, today: date, region: str) -> "SubjectDetails":
        """Return the valid, normalised details; phone numbers are read as dialled from ``region`` (ISO 3166).

        Raises ValidationError naming each invalid field.
        """
        errors: dict[str, str] = {}
        values: dict[str, Any] = asdict(self)
        for field, check in _CHECKS.items():
            try:
                values[field] = check(values[field], today)
            except ValueError as error:
                errors[field] = str(error)
        if errors:
            raise ValidationError({field: [message] for field, message in errors.items()})
        values["other_roles"] = tuple(one for one in ROLES if one in self.other_roles and one != self.role)
        if values["phone"] is not None:
            values["phone"] = normal_number(values["phone"], region=region)
        for field in (one.name for one in PERSONAL_FIELDS if one.kind is FieldKind.AGE):
            if values[field] is not None and values[_day_of(field)] is None:
                values[_day_of(field)] = today
        return SubjectDetails(**values)

    def texts(self) -> dict[str, str | None]:
        values = asdict(self)
        return {field.name: _to_text(field, values) for field in PERSONAL_FIELDS}

    def fingerprint(self) -> str:
        """Return a digest, to compare two versions; the keyed hash made of it would fold case and spaces."""
        texts = self.texts()
        later = {"country": self.country, "other_roles": ",".join(self.other_roles), "grade": self.grade}
        later |= {field.name: texts.pop(field.name) or "" for field in PERSONAL_FIELDS if field.is_later}
        # Empty ones are left out, so that older fingerprints still match.
        more = [f"{name}={value}" for name, value in later.items() if value]
        details = json.dumps([self.role, self.language, self.is_enabled, *texts.values(), *more])
        return hashlib.sha256(details.encode()).hexdigest()

    @classmethod
    def from_texts(cls, texts: Mapping[str, str | None], **plain: Any) -> "SubjectDetails":
        values: dict[str, Any] = {}
        for field in PERSONAL_FIELDS:
            values |= _from_text(field, texts[field.name])
        return cls(**plain, **values)


def _day_of(age: str) -> str:
    return f"{age.removesuffix('_age')}_on"


def _to_text(field: PersonalField, values: Mapping[str, Any]) -> str | None:
    value = values[field.name]
    if value is None:
        return None
    return f"{value}@{values[_day_of(field.name)]}" if field.kind is FieldKind.AGE else str(value)


def _from_text(field: PersonalField, text: str | None) -> dict[str, object]:
    if field.kind is FieldKind.AGE:
        age, _, day = (text or "").partition("@")
        return {field.name: int(age) if age else None, _day_of(field.name): date.fromisoformat(day) if day else None}
    if field.kind is FieldKind.DAY:
        return {field.name: date.fromisoformat(text) if text else None}
    return {field.name: text}


def check_external_id(external_id: str) -> str:
    """Return a valid LMS id: 1–255 visible characters, no “@”, not reserved. Raises ValidationError."""
    plain = external_id.strip()
    if not plain or len(plain) > 255 or "@" in plain or _has_control(plain):  # noqa: PLR2004 -- the column's width
        raise ValidationError(
            {"external_id": ["Use 1 to 255 visible characters without “@”: an identifier, not an email address."]}
        )
    if plain in RESERVED:
        raise ValidationError({"external_id": [f"Use another identifier: “{plain}” is reserved by the API."]})
    return plain


def _has_control(text: str) -> bool:
    return any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in text)


def _text_check(longest: int) -> object:
    def check(value: str | None, _: date) -> str | None:
        text = unicodedata.normalize("NFC", " ".join((value or "").split()))
        if len(text) > longest or _has_control(text):
            raise ValueError(f"Use at most {longest} visible characters.")
        return text or None

    return check


def _email(value: str | None, _: date) -> str | None:
    text = (value or "").strip()
    if not text:
        return None
    try:
        validate_email(text)
    except ValidationError as error:
        raise ValueError(gettext_noop("Use one email address, such as name@school.example.")) from error
    return text


def _birth_date(value: date | None, today: date) -> date | None:
    if value is not None and not _OLDEST <= value <= today:
        raise ValueError(gettext_noop("Use a day from 1900-01-01 to today."))
    return value


def _country(value: str | None, _: date) -> str:
    text = (value or "").strip().upper()
    if text and not is_country(text):
        raise ValueError(gettext_noop("Use the two-letter ISO 3166 code, such as PK."))
    return text


def _age(value: int | None, _: date) -> int | None:
    if value is not None and not 0 <= value <= 120:  # noqa: PLR2004 -- a human age
        raise ValueError("Use an age in whole years, 0 to 120.")
    return value


def _age_check(value: str | None, today: date) -> str | None:
    if not value:
        return None
    check = AgeCheck.read(value)
    if not _OLDEST <= check.checked_on <= today:
        raise ValueError("Use a date of the check from 1900-01-01 to today.")
    return check.text


def _one_of(allowed: tuple[str, ...]) -> object:
    def check(value: str, _: date) -> str:
        if value not in allowed:
            raise ValueError(f"Use one of: {', '.join(allowed)}.")
        return value

    return check


def _other_roles(values: tuple[str, ...], _: date) -> tuple[str, ...]:
    if not set(values) <= set(ROLES):
        raise ValueError(f"Use only: {', '.join(ROLES)}.")
    return tuple(values)


def contact_index(client_id: UUID, text: str, *, region: str) -> tuple[Literal["email", "phone"], bytes]:
    """Return whether a text is an email or a phone number, and its keyed hash. Raises ValueError for neither."""
    field, plain = parse_contact(text, region=region)
    if (found := blind_index(client_id, field, plain)) is None:
        raise ValueError("Use an email address or a phone number.")
    return field, found


def parse_contact(text: str, *, region: str) -> tuple[Literal["email", "phone"], str]:
    """Return whether a text is an email or a phone number, and its one form. Raises ValueError if it is neither."""
    field: Literal["email", "phone"] = "email" if "@" in text else "phone"
    if field == "phone":
        text = "".join(str(unicodedata.decimal(one, one)) for one in text)
    plain = _CHECKS[field](text, None) or ""
    return field, normal_number(plain, region=region) if field == "phone" else plain


_CHECKS_BY_KIND: dict[FieldKind, Any] = {
    FieldKind.EMAIL: _email,
    FieldKind.PHONE: lambda value, _: bare_number(value or "") or None,
    FieldKind.DAY: _birth_date,
    FieldKind.AGE: _age,
    FieldKind.AGE_CHECK: _age_check,
}
_CHECKS: dict[str, Any] = {
    "role": _one_of((*ROLES, "contact")),
    "other_roles": _other_roles,
    "language": _one_of(LANGUAGES),
    **{field.name: _CHECKS_BY_KIND.get(field.kind, _text_check(field.longest)) for field in PERSONAL_FIELDS},
    "country": _country,
    "grade": lambda value, _: parse_grade(value),
}


def personal_columns(details: SubjectDetails, *, client_id: UUID, sealer: Sealer) -> dict[str, Sealed | bytes | None]:
    texts, table = details.texts().items(), "people_subject"
    return {
        **{name: None if text is None else sealer.seal(text, column=f"{table}.{name}") for name, text in texts},
        "email_index": blind_index(client_id, "email", details.email or ""),
        "phone_index": blind_index(client_id, "phone", details.phone or ""),
        "name_index": blind_index(client_id, "name", fold_spelling(details.full_name or "")),
        "details_index": blind_index(client_id, "details", details.fingerprint()),
    }


def age_statements(details: SubjectDetails, *, threshold: int, time_zone: str, at: datetime) -> list[ages.Statement]:
    """Return all statements of a person's age, each as the time of reaching the threshold (in years)."""
    rule: dict[str, Any] = {"threshold": threshold, "time_zone": time_zone}
    today = at.astimezone(ZoneInfo(time_zone)).date()
    found: list[ages.Statement] = []
    if details.birth_date is not None:
        moment = ages.of_age_at(details.birth_date, **rule)
        found += ages.to_statements(ages.AgeSource.BIRTH_DATE, moment, on=details.birth_date, time_zone=time_zone)
    elif details.attested_age is not None:  # the school vouches for an age instead of a birth date
        on = details.attested_on or today
        moment = ages.of_age_by_attestation(details.attested_age, attested_on=on, **rule)
        found += ages.to_statements(ages.AgeSource.ATTESTED, moment, on=on, time_zone=time_zone)
    if details.age_check is not None:
        check = AgeCheck.read(details.age_check)
        until = ages.of_age_by_check(check.result, check.years, checked_on=check.checked_on, **rule)
        found += ages.to_statements(ages.AgeSource.PROVIDER, until, on=check.checked_on, time_zone=time_zone)
    if details.declared_age is not None:
        on = details.declared_on or today
        until = ages.of_age_by_declaration(details.declared_age, declared_on=on, **rule)
        found += ages.to_statements(ages.AgeSource.DECLARED, until, on=on, time_zone=time_zone)
    return found


def threshold_reached_at(details: SubjectDetails, *, threshold: int, time_zone: str, at: datetime) -> datetime | None:
    """Return when the person reaches the threshold, ADULT_SENTINEL if they have, None if unknown.

    Guardians of unknown age count as adults, unless they are also students or learners. For adults only the fact is
    stored, not the day (data minimisation, Art. 5(1)(c) GDPR).
    """
    statements = age_statements(details, threshold=threshold, time_zone=time_zone, at=at)
    moment, contradicted = ages.combine_statements(statements)
    if moment is None:
        is_adult = _GUARDIAN in details.roles and {_GUARDIAN, *ages.ADULT_ROLES}.issuperset(details.roles)
        return ADULT_SENTINEL if is_adult and not contradicted else None
    return moment if moment > at else ADULT_SENTINEL


_STATED = ("birth_date", "attested_age", "declared_age", "age_check")


def role_facts(roles: tuple[str, ...]) -> dict[str, object]:
    return {"role": roles[0], "roles": list(roles)} if len(roles) > 1 else {"role": roles[0]}


def age_columns(details: SubjectDetails, *, thresholds: Thresholds, time_zone: str, at: datetime) -> dict[str, Any]:
    threshold = thresholds.of(details.country)
    moment = threshold_reached_at(details, threshold=threshold, time_zone=time_zone, at=at)
    is_stated = any(getattr(details, name) is not None for name in _STATED)
    return {"of_age_at": moment, "of_age_threshold": threshold if is_stated else None, "country": details.country}


_AGES = ("birth_date", "attested_age", "attested_on", "declared_age", "declared_on", "age_check")
AGE_GATE_FIELDS = ("role", "other_roles", "country", *_AGES)
"""Fields that determine who decides for a person."""


class Reading:
    """Rules by which one client evaluates ages, and the time."""

    def __init__(self, *, thresholds: Thresholds, time_zone: str, serves_minors: bool, at: datetime) -> None:
        self.thresholds, self.time_zone, self.serves_minors, self.at = thresholds, time_zone, serves_minors, at

    def adult_from(self, details: SubjectDetails) -> datetime | None:
        threshold = self.thresholds.of(details.country)
        return threshold_reached_at(details, threshold=threshold, time_zone=self.time_zone, at=self.at)

    def is_contradicted(self, details: SubjectDetails) -> bool:
        threshold = self.thresholds.of(details.country)
        return combine_statements(age_statements(details, threshold=threshold, time_zone=self.time_zone, at=self.at))[1]

    def is_child(self, details: SubjectDetails) -> bool:
        return is_child(details.roles, self.adult_from(details), at=self.at, serves_minors=self.serves_minors)

    def is_known_child(self, details: SubjectDetails) -> bool:
        moment = self.adult_from(details)
        return moment is not None and self.at < moment


def withhold_looser_changes(before: SubjectDetails, after: SubjectDetails, reading: Reading) -> SubjectDetails | None:
    """Return ``after`` without the changes that would loosen the age gate; None if there are none."""
    if not reading.is_child(before) or not _grants_more(before, after, reading):
        return None
    return replace(after, **{name: getattr(before, name) for name in AGE_GATE_FIELDS})


def _grants_more(before: SubjectDetails, after: SubjectDetails, reading: Reading) -> bool:
    was, becomes = reading.adult_from(before), reading.adult_from(after)
    if becomes is None:
        is_held = reading.is_known_child(before) or reading.is_contradicted(before)
        return not reading.is_child(after) or (is_held and not reading.is_contradicted(after))
    if was is None:  # do the statements alone make them an adult, without changes of roles or country?
        kept = replace(after, role=before.role, other_roles=before.other_roles, country=before.country)
        stated = reading.adult_from(kept)
        is_stated = stated is not None and reading.at >= stated
        return reading.at >= becomes and (reading.is_contradicted(before) or not is_stated)
    return becomes < was


def without_contradictions(details: SubjectDetails, reading: Reading) -> SubjectDetails:
    """Remove the person's declaration or a provider's check that contradicts a change two people confirmed."""
    for without in ({"declared_age": None, "declared_on": None}, {"age_check": None}):
        if reading.is_contradicted(details):
            details = details.changed(without)
    return details


def reveals_child(before: SubjectDetails, after: SubjectDetails, reading: Reading) -> bool:
    """Return True if a person not known as a child becomes a known child, or an adult now counts as a child."""
    if reading.is_known_child(after):
        return not reading.is_known_child(before)
    return not reading.is_child(before) and reading.is_child(after)


def reveals_minor_guardian(before: SubjectDetails, after: SubjectDetails, full_age: Reading) -> bool:
    """Return True if a guardian becomes known not to be of full age; ``full_age`` has the full ages as thresholds."""
    return _GUARDIAN in after.roles and full_age.is_known_child(after) and not full_age.is_known_child(before)


def came_of_age_by(details: SubjectDetails, *, threshold: int, time_zone: str) -> datetime | None:
    """Return when an adult had reached the threshold at the latest, by their strongest statement, or None.

    ``threshold_reached_at`` keeps no day for adults; this is for the age at the time of an earlier answer.
    """
    born, years, on = details.birth_date, details.attested_age, details.attested_on
    if years is None and details.age_check is not None:
        check = AgeCheck.read(details.age_check)
        years, on = check.years, check.checked_on
    if born is None and years is not None and on is not None:
        born = birthday(on, -years)
    return None if born is None else of_age_at(born, threshold=threshold, time_zone=time_zone)
