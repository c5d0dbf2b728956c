"""The data that the portal holds of a person under their key, found by the tables' own declarations."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.extension_points import PersonalRows
from paktaleem.directory.people.fields import PERSONAL
from paktaleem.directory.people.models import Subject, SubjectKey
from paktaleem.foundation.tenancy.tables import Personal

_ABOUT = ("subject", "child")
"""Columns that name the person whom a row is about, and under whose key it is sealed."""
_STEPS = 2
"""A row is about a person by its own column, or by that of a row it belongs to (the note of a request)."""
_WHAT = {
    "people": _("Name, contacts, birth date and other fields of the person, with their history"),
    "guardians": _("Notes and checks about guardians"),
    "consent": _("Evidence of consents in words"),
    "files": _("Files about the person"),
    "audit": _("Salts of the ledger: its commitments can no longer be opened"),
    "mail": _("Contents of messages that were not sent"),
    "paper": _("Rows of answer sheets"),
    "requests": _("Texts of rights requests"),
    "data_systems": _("Data in orders to systems"),
}
_OTHER = _("Other encrypted records")
_CLEAR = ("external_id", "email_index", "phone_index", "name_index", "details_index", *PERSONAL)


def count_sealed_rows(subject: Subject) -> Iterator[PersonalRows]:
    """Count the rows with encrypted values of a person, by app; connected to ``people.personal_rows``."""
    found: Counter[str] = Counter()
    for model, path, columns in _sealed_tables():
        holds = Q(*((f"{column}__isnull", False) for column in columns), _connector=Q.OR)
        held: Any = model._default_manager.filter(holds, **{path: subject.pk}, client_id=subject.client_id)
        found[model._meta.app_label] += held.count()
    found[Subject._meta.app_label] += 1 + subject.history.count()
    for app, rows in sorted(found.items()):
        yield PersonalRows(app, str(_WHAT.get(app, _OTHER)), rows)


def find_readable(subject: Subject) -> list[str]:
    """List what could still be read of an erased person: keys, and plain or encrypted fields of their row; ids only.

    Empty if nothing can be read. Everything else about the person is ciphertext under the destroyed key.
    """
    own = {"client_id": subject.client_id}
    faults = ["key"] if SubjectKey.objects.filter(subject=subject, **own).exists() else []
    faults += [column for column in _CLEAR if getattr(subject, column) is not None]
    for model, path, column in _tables_with_keys():
        rows = model._default_manager.filter(**{path: subject.pk, f"{column}__isnull": False}, **own)
        faults += [f"{model._meta.label_lower}.{column}"] if rows.exists() else []
    return faults


@cache
def _sealed_tables() -> list[tuple[type[models.Model], str, list[str]]]:
    found = []
    for model, path in _tables_about_people():
        columns = [name for name, kind in _personal(model).items() if kind is Personal.SEALED]
        if columns and not hasattr(model, "instance_type"):
            found.append((model, path, columns))
    return found


@cache
def _tables_with_keys() -> list[tuple[type[models.Model], str, str]]:
    """List the columns that are not under the person's key: keys of rows, and the LMS id in open orders."""
    found = []
    for model, path in _tables_about_people():
        names = {"wrapped", "named"} & set(_personal(model))
        found += [(model, path, name) for name in sorted(names) if model is not SubjectKey]
    return found


def _tables_about_people() -> Iterator[tuple[type[models.Model], str]]:
    for model in apps.get_models():
        if model is not Subject and (path := _path_to_person(model, _STEPS)) is not None:
            yield model, path


def _path_to_person(model: type[models.Model], steps: int) -> str | None:
    for name in _ABOUT:
        if _has_person(model, name):
            return f"{name}_id"
    if steps > 1:
        for field in model._meta.get_fields():
            target: Any = field.related_model if isinstance(field, models.ForeignKey) else None
            if target is not None and (path := _path_to_person(target, steps - 1)) is not None:
                return f"{field.name}__{path}"
    return None


def _has_person(model: type[models.Model], name: str) -> bool:
    for column in (name, f"{name}_id"):
        try:
            field = model._meta.get_field(column)
        except FieldDoesNotExist:
            continue
        return field.related_model is Subject or isinstance(field, models.UUIDField)
    return False


def _personal(model: Any) -> dict[str, Personal]:
    wall = getattr(model, "wall", None)
    return dict(wall.personal) if wall is not None else {}
