"""Registry of what the portal holds about a person: the sections of a copy of their data (GDPR Art. 15 and 20).

Each app declares its sections and connects them to ``person_sections``. A row of a section is a flat mapping of plain
values: sealed values are opened by the sealer of the person, and other persons appear only by their part, such as
“a member of staff”. A table with personal fields that no section covers states its reason in its ``TablePolicy``
(``left_out_of_copies``); a project test finds tables that do neither.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Model, Q, QuerySet
from django.db.models.query import ModelIterable
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.age_changes import AgeChange
from paktaleem.directory.people.details import ADULT_SENTINEL
from paktaleem.directory.people.fields import PERSONAL_FIELDS
from paktaleem.directory.people.models import AccessRecord, GuardianClaim, Subject, SubjectEvent
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.audit.acts import ACT_NAMES
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.sealing import CannotOpen, Sealed, Sealer
from paktaleem.foundation.operations.extensions.points import ExtensionPoint

type Value = str | int | bool | list[str] | None
type Row = dict[str, Value]

_AT_ONCE = 500
"""Rows fetched at once. The cursor is on the server (every context is a transaction), so that memory use is flat."""


class ValueKind(StrEnum):
    """Kind of the values of a column. Times are in UTC, days as written."""

    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes_no"
    TIME = "time"
    DAY = "day"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a section: its code in files, its title on the page, and the labels of its codes."""

    code: str
    title: Any
    kind: ValueKind = ValueKind.TEXT
    labels: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reader:
    """The person whose rows are read, the sealer that opens their sealed values, and who receives the copy.

    ``guardian_id`` is the guardian for whom the copy is made; None if it is for the person.
    """

    subject: Subject
    sealer: Sealer
    guardian_id: UUID | None = None

    @property
    def recipient_id(self) -> UUID:
        return self.guardian_id or self.subject.pk


type Source = str | Callable[[Any, Reader], Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of a copy: what one or several tables hold about a person.

    ``tables`` are labels of models; ``of`` are the paths in the first one by which a row belongs to the person.
    ``is_provided`` is True for data that the person provided, which belongs to
    portability (GDPR Art. 20); every section belongs to access.
    """

    code: str
    title: Any
    tables: tuple[str, ...]
    columns: tuple[Column, ...]
    read: Callable[[Reader], Iterator[Row]]
    count: Callable[[Subject], int]
    of: tuple[str, ...] = ()
    is_provided: bool = False


type SectionSource = Callable[[], Sequence[Section]]

person_sections: ExtensionPoint[SectionSource] = ExtensionPoint(
    "copies.person_sections", "Lists the sections of a person's data that an app holds, for a copy of all of it."
)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A stored file whose content belongs in a copy: the section that lists it, a name without persons, the file."""

    section: str
    name: str
    file: Any


type FileSource = Callable[[Reader], Iterable[StoredFile]]

person_files: ExtensionPoint[FileSource] = ExtensionPoint(
    "copies.person_files", "Lists the stored files about a person, such as signed forms, whose content is in a copy."
)


def list_files(reader: Reader) -> Iterator[StoredFile]:
    """List the stored files of all apps whose content belongs in a copy, without those that show another person."""
    return (file for source in person_files for file in source(reader))


def list_sections() -> list[Section]:
    """List the sections of all apps, in the order of the apps. Raises ValueError if two have the same code."""
    found = [section for source in person_sections for section in source()]
    codes = [section.code for section in found]
    if twice := {code for code in codes if codes.count(code) > 1}:
        raise ValueError(f"Give each section its own code: {', '.join(sorted(twice))}.")
    return found


def table_section(
    code: str,
    title: Any,
    model: type[Model],
    columns: Sequence[tuple[Column, Source]],
    *,
    of: Sequence[str] = ("subject",),
    tables: Sequence[str] = (),
    is_provided: bool = False,
) -> Section:
    """Return a section that reads one table: the rows in which one of the columns ``of`` is the person.

    A source is the path of a field (``system__code``), or a function of the row and the reader. Codes of a field with
    choices get its labels. ``tables`` are further tables that the rows show.
    """
    paths = [source for _column, source in columns if isinstance(source, str)]
    related = sorted({path.rpartition("__")[0] for path in paths if "__" in path})

    def select(subject: Subject) -> QuerySet[Any]:
        own = Q()
        for column in of:
            own |= Q(**{column: subject.pk})
        return model._default_manager.filter(own, client_id=subject.client_id).order_by("pk")

    def read(reader: Reader) -> Iterator[Row]:
        rows = select(reader.subject)
        if related:
            rows = rows.select_related(*related)
        found: Iterable[Any] = ModelIterable(rows, chunked_fetch=True, chunk_size=_AT_ONCE)
        for row in found:
            yield {column.code: _read_value(row, source, reader) for column, source in columns}

    return Section(
        code=code,
        title=title,
        tables=(model._meta.label, *tables),
        columns=tuple(_with_labels(column, source, model) for column, source in columns),
        read=read,
        count=lambda subject: select(subject).count(),
        of=tuple(of),
        is_provided=is_provided,
    )


def _with_labels(column: Column, source: Source, model: type[Model]) -> Column:
    if column.labels or not isinstance(source, str) or "__" in source:
        return column
    choices: Any = getattr(model._meta.get_field(source), "flatchoices", ())
    return replace(column, labels={str(code): label for code, label in choices})


def _read_value(row: Any, source: Source, reader: Reader) -> Value:
    if not isinstance(source, str):
        return source(row, reader)
    value = row
    for name in source.split("__"):
        value = None if value is None else getattr(value, name)
    return _to_plain(value)


def _to_plain(value: Any) -> Value:
    """Return a value of a column as text, number, truth or list. Raises TypeError for a sealed value."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return [str(one) for one in value]
    if isinstance(value, Sealed):
        raise TypeError("Open a sealed value with the sealer of its person.")
    return str(value)


def open_column(name: str, *, column: str = "") -> Callable[[Any, Reader], Value]:
    """Return a source that opens a column sealed under the person's key; ``column`` is its name in the encryption."""

    def read(row: Any, reader: Reader) -> Value:
        sealed: Sealed | None = getattr(row, name)
        bound_to = column or f"{row._meta.db_table}.{name}"
        return None if sealed is None else reader.sealer.open(sealed, column=bound_to)

    return read


def get_part(*columns: str) -> Callable[[Any, Reader], Value]:
    """Return a source that names the column in which the person appears, such as ``child`` or ``guardian``."""

    def read(row: Any, reader: Reader) -> Value:
        return next((name for name in columns if getattr(row, f"{name}_id") == reader.subject.pk), None)

    return read


_ACTORS = {ByKind.USER: "staff", ByKind.API_KEY: "system", ByKind.SYSTEM: "portal"}


def get_actor(row: Any, reader: Reader) -> Value:
    """Return who acted by their part: the person, another person, staff, a system, or the portal. No names."""
    kind = ByKind(row.actor_kind)
    if kind is ByKind.SUBJECT:
        return "person" if row.actor_id == reader.subject.pk else "other_person"
    return _ACTORS[kind]


ACTOR = Column(
    "by",
    _("By"),
    labels={
        "person": _("You"),
        "other_person": _("Another person, such as a guardian"),
        "staff": _("A member of staff"),
        "system": _("The learning platform or another system"),
        "portal": _("The portal"),
    },
)
PART = Column(
    "part",
    _("Your part"),
    labels={
        "subject": _("The data subject"),
        "child": _("The child"),
        "guardian": _("The guardian"),
        "requester": _("The guardian"),
    },
)
ADDED = Column("added_at", _("Added"), ValueKind.TIME)
CATEGORIES = Column("categories", _("Categories of data"), ValueKind.LIST)
CATEGORY = Column("category", _("Category of data"))
CHANNEL = Column("channel", _("Channel"))
CLOSED = Column("closed_at", _("Closed"), ValueKind.TIME)
DUE = Column("due_at", _("Due"), ValueKind.TIME)
ENDS = Column("ends_at", _("Until"), ValueKind.TIME)
EXPIRES = Column("expires_at", _("Valid until"), ValueKind.TIME)
GIVEN_BY = Column("given_by", _("Answered by"))
KIND = Column("kind", _("Kind"))
LANGUAGE = Column("language", _("Language"))
METHOD = Column("method", _("Method"))
NUMBER = Column("number", _("Number"))
OPENED = Column("opened_at", _("Opened"), ValueKind.TIME)
PURPOSE = Column("purpose", _("Purpose"))
PURPOSES = Column("purposes", _("Purposes"), ValueKind.LIST)
REASON = Column("reason", _("Reason"))
RECORDED = Column("recorded_at", _("Recorded"), ValueKind.TIME)
RELATIONSHIP = Column("relationship", _("Relationship"))
REQUESTED = Column("requested_at", _("Requested"), ValueKind.TIME)
SENT = Column("sent_at", _("Sent"), ValueKind.TIME)
SETTLED = Column("settled_at", _("Settled"), ValueKind.TIME)
STARTS = Column("starts_at", _("From"), ValueKind.TIME)
STATE = Column("state", _("State"))
SYSTEM = Column("system", _("System"))
TEXT = Column("text", _("Text"))


def _open_if_possible(source: Any) -> Callable[[Any, Reader], Value]:
    def read(row: Any, reader: Reader) -> Value:
        try:
            found: Value = source(row, reader)
        except CannotOpen:
            return None
        return found

    return read


_COUNTRY = Column("country", _("Country of residence"))
_GRADE = Column("grade", _("Grade"))
_CHANGED = Column("changed_at", _("Changed"), ValueKind.TIME)
_VALUES: list[tuple[Column, Source]] = [
    (Column(one.name, _(one.label)), open_column(one.name, column=f"subjects_subject.{one.name}"))
    for one in PERSONAL_FIELDS
]
_EARLIER: list[tuple[Column, Source]] = [(column, _open_if_possible(source)) for column, source in _VALUES]
_ACTS = {kind: _(name) for kind, name in ACT_NAMES.items()}


def list_own_sections() -> Sequence[Section]:
    """List the sections of people, and of the ledger, which knows no people itself."""
    return (_details(), _account(), _earlier_details(), *_age_and_guardians(), *_traces())


def _details() -> Section:
    columns: list[tuple[Column, Source]] = [
        (Column("external_id", _("LMS id")), "external_id"),
        *_VALUES,
        (LANGUAGE, "language"),
        (_COUNTRY, "country"),
        (_GRADE, "grade"),
    ]
    return table_section("details", _("Your details"), Subject, columns, of=("id",), is_provided=True)


def _of_age_on(row: Any, _reader: Reader) -> Value:
    """Return the day of the age of consent, in the client's zone; None for adults, of whom no day is stored."""
    if row.of_age_at is None or row.of_age_at == ADULT_SENTINEL:
        return None
    day: str = row.of_age_at.astimezone(ZoneInfo(row.client.time_zone)).date().isoformat()
    return day


def _other_roles(row: Any, _reader: Reader) -> Value:
    """Return the roles besides the main one; None if there are none."""
    return ", ".join(row.other_roles) or None


def _account() -> Section:
    columns: list[tuple[Column, Source]] = [
        (Column("role", _("Role")), "role"),
        (Column("other_roles", _("Other roles")), _other_roles),
        (Column("is_enabled", _("Account enabled"), ValueKind.YES_NO), "is_enabled"),
        (Column("registered_at", _("Registered"), ValueKind.TIME), "registered_at"),
        (_CHANGED, "changed_at"),
        (Column("account_closed_at", _("Account closed"), ValueKind.TIME), "account_closed_at"),
        (Column("of_age_on", _("Of age from"), ValueKind.DAY), _of_age_on),
    ]
    return table_section("account", _("Your account"), Subject, columns, of=("id",))


def _earlier_details() -> Section:
    history: Any = Subject.history.model
    columns: list[tuple[Column, Source]] = [
        (_CHANGED, "history_date"),
        *_EARLIER,
        (LANGUAGE, "language"),
        (_COUNTRY, "country"),
        (_GRADE, "grade"),
        (ACTOR, get_actor),
    ]
    return table_section("earlier_details", _("Earlier versions of your details"), history, columns, of=("id",))


def _age_and_guardians() -> Sequence[Section]:
    return (
        table_section(
            "age_changes",
            _("Proposed changes of your age"),
            AgeChange,
            [
                (Column("proposal", _("Proposal")), open_column("proposal")),
                (Column("route", _("Channel")), "route"),
                (STATE, "state"),
                (REQUESTED, "requested_at"),
                (SETTLED, "settled_at"),
            ],
        ),
        table_section(
            "guardian_claims",
            _("Guardians claimed by the roster"),
            GuardianClaim,
            [
                (PART, get_part("child", "guardian")),
                (RELATIONSHIP, "relationship"),
                (STARTS, "starts_at"),
                (ENDS, "ends_at"),
            ],
            of=("child", "guardian"),
        ),
    )


def _traces() -> Sequence[Section]:
    return (
        table_section(
            "account_events",
            _("Events of your account"),
            SubjectEvent,
            [
                (KIND, "kind"),
                (Column("happened_at", _("Happened"), ValueKind.TIME), "happened_at"),
                (RECORDED, "recorded_at"),
                (ACTOR, get_actor),
            ],
        ),
        table_section(
            "access_records",
            _("Who looked at your data"),
            AccessRecord,
            [
                (Column("looked_at", _("Looked at"), ValueKind.TIME), "looked_at"),
                (REASON, "reason"),
                (Column("fields", _("Fields shown")), "fields"),
                (ACTOR, get_actor),
            ],
        ),
        table_section(
            "ledger",
            _("What was done with your data"),
            Entry,
            [
                (RECORDED, "recorded_at"),
                (Column("act", _("Act"), labels=_ACTS), "kind"),
                (ACTOR, get_actor),
            ],
            of=("subject_id",),
        ),
    )
