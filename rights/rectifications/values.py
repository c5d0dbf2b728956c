"""Fields of a person that can be corrected, and how a value written as text is read and checked."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _, gettext_lazy

from paktaleem.directory.people.details import SubjectDetails
from paktaleem.directory.people.fields import PERSONAL_FIELDS, FieldKind
from paktaleem.foundation.accounts.models import Client

OTHER = "other"
"""Data that is not among a person's fields here: it is described in words, and lies in systems."""
ROLES = "roles"
"""All roles of a person, the main one first; staff change them by an act of their own."""
_BETWEEN = ", "
CATEGORY = "contact_details"
"""The category of the fields that are kept here; systems that hold it are ordered to correct them."""
_KINDS = {field.name: field.kind for field in PERSONAL_FIELDS if field.kind is not FieldKind.AGE_CHECK}
CORRECTABLE = (*_KINDS, "grade", "language", "country")
"""Fields that can be corrected here. A provider's age check is corrected by the provider."""
FIELD_LABELS = {
    **{field.name: gettext_lazy(field.label) for field in PERSONAL_FIELDS if field.name in _KINDS},
    "grade": gettext_lazy("Grade"),
    "language": gettext_lazy("Language"),
    "country": gettext_lazy("Country of residence"),
    OTHER: gettext_lazy("Something else, in words"),
}
VALUE_LABELS = {**FIELD_LABELS, ROLES: gettext_lazy("Roles")}
"""Labels of everything about a person that was corrected here."""
_MAY_BE_EMPTY = frozenset({"email", "phone", "grade"})


def parse_changes(field: str, text: str) -> dict[str, object]:
    """Return a text as changes of ``SubjectDetails``. Raises ValidationError naming the field."""
    if field == ROLES:
        main, *others = text.split(_BETWEEN)
        return {"role": main, "other_roles": tuple(others)}
    return {field: _parse_value(field, text)}


def _parse_value(field: str, text: str) -> object:
    plain = text.strip()
    if not plain:
        if field in _MAY_BE_EMPTY:
            return None
        raise ValidationError({field: [_("Write the correct value.")]})
    kind = _KINDS.get(field)
    try:
        if kind is FieldKind.DAY:
            return date.fromisoformat(plain)
        return int(plain) if kind is FieldKind.AGE else plain
    except ValueError as error:
        words = _("Use a day such as 2014-03-27.") if kind is FieldKind.DAY else _("Use an age in whole years.")
        raise ValidationError({field: [words]}) from error


def check_value(field: str, text: str, *, client: Client, at: datetime) -> str:
    """Return the new value of a field as it is stored, checked as the API does. Raises ValidationError."""
    if field not in {*CORRECTABLE, ROLES}:
        raise ValidationError({field: [_("Use one of: {fields}.").format(fields=", ".join(CORRECTABLE))]})
    today = client.day_at(at)
    stated = SubjectDetails(role="student").changed(parse_changes(field, text))
    return to_text(field, stated.checked(today=today, region=client.country))


def to_text(field: str, details: SubjectDetails) -> str:
    """Return the value of a field as a text: a day as in ISO 8601, an age in years; empty if there is none."""
    value = getattr(details, field)
    if field == ROLES:
        return _BETWEEN.join(value)
    return "" if value is None else str(value)
