"""What may be said of a person, checked and brought to one form. Pure."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from paktaleem.subjects import ages
from paktaleem.subjects.phones import bare_number, normal_number
from paktaleem.subjects.sealing import Sealed, Sealer, blind_index

__all__ = [
    "LONG_AGO",
    "PERSONAL",
    "SubjectDetails",
    "age_columns",
    "check_external_id",
    "contact_index",
    "personal_columns",
    "reached_threshold_at",
]

PERSONAL = ("full_name", "email", "phone", "birth_date", "attested_age")
LANGUAGES = ("en", "ur")
ROLES = ("student", "learner", "instructor", "administrator", "guardian")
RESERVED = frozenset({"batch"})
"""No LMS ids: ``/api/v1/subjects/`` has addresses of these names."""
_OLDEST = date(1900, 1, 1)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""The moment written for everyone who is of age: before any consent of theirs, and telling no birthday."""


@dataclass(frozen=True, slots=True)
class SubjectDetails:
    """All that is registered of a person, in plain values; None where nothing is known.

    ``attested_age`` is an age in whole years that the client vouches for, with the day on which it did.
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

    def changed(self, changes: Mapping[str, Any]) -> "SubjectDetails":
        """Return these details with some replaced, checked. Raises ValidationError naming the field."""
        return replace(self, **changes)

    def checked(self, *, today: date, region: str) -> "SubjectDetails":
        """Return the details in their one form; telephone numbers are read as dialled from ``region`` (ISO 3166).

        Raises ValidationError naming each field that is wrong.
        """
        errors: dict[str, str] = {}
        values = asdict(self)
        for field, check in _CHECKS.items():
            try:
                values[field] = check(values[field], today)
            except ValueError as error:
                errors[field] = str(error)
        if errors:
            raise ValidationError({field: [message] for field, message in errors.items()})
        if values["phone"] is not None:
            values["phone"] = normal_number(values["phone"], region=region)
        if values["attested_age"] is not None and values["attested_on"] is None:
            values["attested_on"] = today
        return SubjectDetails(**values)

    def texts(self) -> dict[str, str | None]:
        """Give the personal fields as the texts that are sealed."""
        attested = None if self.attested_age is None else f"{self.attested_age}@{self.attested_on}"
        return {
            "full_name": self.full_name,
            "email": self.email,
            "phone": self.phone,
            "birth_date": self.birth_date.isoformat() if self.birth_date else None,
            "attested_age": attested,
        }

    def fingerprint(self) -> str:
        """Digest all details, so that two versions compare as equal or not under the client's secret.

        Hashed before the keyed hash, which folds case and spaces: a corrected capital is a change.
        """
        details = json.dumps([self.role, self.language, self.is_enabled, *self.texts().values()])
        return hashlib.sha256(details.encode()).hexdigest()

    @classmethod
    def from_texts(
        cls, texts: Mapping[str, str | None], *, role: str, language: str, is_enabled: bool
    ) -> "SubjectDetails":
        """Read the details back from what was sealed."""
        age, _, day = (texts["attested_age"] or "").partition("@")
        born = texts["birth_date"]
        return cls(
            role=role,
            full_name=texts["full_name"],
            email=texts["email"],
            phone=texts["phone"],
            birth_date=date.fromisoformat(born) if born else None,
            attested_age=int(age) if age else None,
            attested_on=date.fromisoformat(day) if day else None,
            language=language,
            is_enabled=is_enabled,
        )


def check_external_id(external_id: str) -> str:
    """Accept an LMS id: 1–255 visible characters, no “@”, no reserved word. Raises ValidationError."""
    plain = external_id.strip()
    if not plain or len(plain) > 255 or "@" in plain or _has_control(plain):  # noqa: PLR2004 -- the column's width
        raise ValidationError(
            {"external_id": ["Use 1 to 255 visible characters without “@”: an identifier, not a mail address."]}
        )
    if plain in RESERVED:
        raise ValidationError({"external_id": [f"Use another identifier: “{plain}” is an address of the API."]})
    return plain


def _has_control(text: str) -> bool:
    return any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in text)


def _name(value: str | None, _: date) -> str | None:
    text = unicodedata.normalize("NFC", " ".join((value or "").split()))
    if len(text) > 300 or _has_control(text):  # noqa: PLR2004
        raise ValueError("Use at most 300 visible characters.")
    return text or None


def _email(value: str | None, _: date) -> str | None:
    text = (value or "").strip()
    if not text:
        return None
    try:
        validate_email(text)
    except ValidationError as error:
        raise ValueError("Use one mail address, such as name@school.example.") from error
    return text


def _phone(value: str | None, _: date) -> str | None:
    return bare_number(value or "") or None


def _birth_date(value: date | None, today: date) -> date | None:
    if value is not None and not _OLDEST <= value <= today:
        raise ValueError("Use a day from 1900-01-01 to today.")
    return value


def _age(value: int | None, _: date) -> int | None:
    if value is not None and not 0 <= value <= 120:  # noqa: PLR2004 -- a human age
        raise ValueError("Use an age in whole years, 0 to 120.")
    return value


def _one_of(allowed: tuple[str, ...]) -> Any:
    def check(value: str, _: date) -> str:
        if value not in allowed:
            raise ValueError(f"Use one of: {', '.join(allowed)}.")
        return value

    return check


def contact_index(client_id: UUID, text: str, *, region: str) -> tuple[Literal["email", "phone"], bytes]:
    """Tell a mail address from a telephone number; returns the field and the keyed hash by which it is found.

    A number is brought to the form in which it was registered, however it is written, in whichever digits. Raises
    ValueError for what is neither.
    """
    field: Literal["email", "phone"] = "email" if "@" in text else "phone"
    if field == "phone":
        text = "".join(str(unicodedata.decimal(one, one)) for one in text)
    plain = _CHECKS[field](text, None) or ""
    found = blind_index(client_id, field, normal_number(plain, region=region) if field == "phone" else plain)
    if found is None:
        raise ValueError("Use a mail address or a telephone number.")
    return field, found


_CHECKS: dict[str, Any] = {
    "role": _one_of(ROLES),
    "language": _one_of(LANGUAGES),
    "full_name": _name,
    "email": _email,
    "phone": _phone,
    "birth_date": _birth_date,
    "attested_age": _age,
}


def personal_columns(details: SubjectDetails, *, client_id: UUID, sealer: Sealer) -> dict[str, Sealed | bytes | None]:
    """Give the sealed and keyed columns of a person's row."""
    texts = details.texts()
    return {
        **{
            field: None if text is None else sealer.seal(text, column=f"subjects_subject.{field}")
            for field, text in texts.items()
        },
        "email_index": blind_index(client_id, "email", details.email or ""),
        "phone_index": blind_index(client_id, "phone", details.phone or ""),
        "name_index": blind_index(client_id, "name", details.full_name or ""),
        "details_index": blind_index(client_id, "details", details.fingerprint()),
    }


def reached_threshold_at(details: SubjectDetails, *, threshold: int, time_zone: str, at: datetime) -> datetime | None:
    """Return when the person reaches the client's threshold, LONG_AGO if they have, None if unknown.

    Guardians of whom no age was stated are adults by being guardians. For adults only the fact is kept, not the day
    (minimisation).
    """
    if details.birth_date is not None:
        moment = ages.of_age_at(details.birth_date, threshold=threshold, time_zone=time_zone)
    elif details.attested_age is not None:
        on = details.attested_on or at.astimezone(ZoneInfo(time_zone)).date()
        moment = ages.of_age_by_attestation(
            details.attested_age, attested_on=on, threshold=threshold, time_zone=time_zone
        )
    else:
        return LONG_AGO if details.role == "guardian" else None
    return moment if moment > at else LONG_AGO


def age_columns(details: SubjectDetails, *, threshold: int, time_zone: str, at: datetime) -> dict[str, Any]:
    """Give the columns that say when the person comes of age, and for which threshold that was computed."""
    moment = reached_threshold_at(details, threshold=threshold, time_zone=time_zone, at=at)
    depends = details.birth_date is not None or details.attested_age is not None
    return {"of_age_at": moment, "of_age_threshold": threshold if depends else None}
