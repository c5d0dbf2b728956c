"""Sections of a copy of a person's data: what the portal holds about them (GDPR Art. 15 and 20).

A model declares them (``copied``), or an app connects them to ``person_sections``. A table with personal fields without
one states its reason (``left_out_of_copies``); a project test finds tables that do neither.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.declarations import (
    Copied,
    Reader,
    Section,
    Source,
    Value,
    ValueKind,
    open_column,
)
from paktaleem.directory.people.details import ADULT_SENTINEL
from paktaleem.directory.people.fields import PERSONAL_FIELDS
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.names import ACT_NAMES
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.operations.extensions import ExtensionPoint

type SectionSource = Callable[[], Sequence[Section]]

person_sections: ExtensionPoint[SectionSource] = ExtensionPoint(
    "copies.person_sections", "Lists sections of a person's data that an app reads by its services, for a copy of all."
)


@dataclass(frozen=True, slots=True)
class StoredFile:
    section: str
    name: str
    file: Any


type FileSource = Callable[[Reader], Iterable[StoredFile]]

person_files: ExtensionPoint[FileSource] = ExtensionPoint(
    "copies.person_files", "Lists the stored files about a person, such as signed forms, whose content is in a copy."
)


def list_files(reader: Reader) -> Iterator[StoredFile]:
    return (file for source in person_files for file in source(reader))


def list_sections() -> list[Section]:
    """List the sections of all apps, in the order of the apps. Raises ValueError if two have the same code."""
    found = [section for source in person_sections for section in source()]
    found += [vars(model)["copied"].make_section(model) for model in apps.get_models() if "copied" in vars(model)]
    order = [config.label for config in apps.get_app_configs()]
    first = order.index(Subject._meta.app_label)
    found.sort(key=lambda section: max(first, order.index(section.tables[0].partition(".")[0])))
    codes = [section.code for section in found]
    if twice := {code for code in codes if codes.count(code) > 1}:
        raise ValueError(f"Give each section its own code: {', '.join(sorted(twice))}.")
    return found


def _open_if_possible(source: Source) -> Source:
    def read(row: Any, reader: Reader) -> Value:
        try:
            return source(row, reader)
        except CannotOpen:
            return None

    return read


def _of_age_on(row: Any, _reader: Reader) -> Value:
    if row.of_age_at is None or row.of_age_at == ADULT_SENTINEL:
        return None
    day: str = row.client.day_at(row.of_age_at).isoformat()
    return day


_PERSONAL = " ".join(one.name for one in PERSONAL_FIELDS)
_PERSONAL_TITLES = {one.name: _(one.label) for one in PERSONAL_FIELDS}
_VALUES = {one.name: open_column(one.name, column=f"people_subject.{one.name}") for one in PERSONAL_FIELDS}
_DETAILS = Copied(
    "details",
    _("Your details"),
    f"external_id {_PERSONAL} language country grade",
    of=("id",),
    titles={"external_id": _("LMS id"), **_PERSONAL_TITLES},
    read=_VALUES,
    is_provided=True,
    category="contact_details",
)
_ACCOUNT = Copied(
    "account",
    _("Your account"),
    "role other_roles is_enabled registered_at changed_at account_closed_at of_age_on",
    of=("id",),
    titles={"is_enabled": _("Account enabled"), "of_age_on": _("Of age from")},
    read={
        "other_roles": lambda row, _reader: ", ".join(row.other_roles) or None,
        "of_age_on": (ValueKind.DAY, _of_age_on),
    },
    category="organisation",
)
_EARLIER = Copied(
    "earlier_details",
    _("Earlier versions of your details"),
    f"changed_at=history_date {_PERSONAL} language country grade by",
    of=("id",),
    titles=_PERSONAL_TITLES,
    read={name: _open_if_possible(source) for name, source in _VALUES.items()},
    category="contact_details",
)
_LEDGER = Copied(
    "ledger",
    _("What was done with your data"),
    "recorded_at act=kind by",
    of=("subject_id",),
    labels={"act": {kind: _(name) for kind, name in ACT_NAMES.items()}},
)


def list_own_sections() -> Sequence[Section]:
    return (
        _DETAILS.make_section(Subject),
        _ACCOUNT.make_section(Subject),
        _EARLIER.make_section(Subject.history.model),
        _LEDGER.make_section(Entry),
    )
