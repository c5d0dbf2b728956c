"""How a model declares what a copy of a person's data shows of it, as ``copied`` (GDPR Art. 15 and 20).

Sealed values are opened by the sealer of the person; other persons appear only by their part, such as “a member of
staff”.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Model, Q, QuerySet
from django.db.models.query import ModelIterable
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.encryption.sealing import Sealed, SealedField, Sealer
from paktaleem.foundation.text.cells import parse_columns

if TYPE_CHECKING:
    from paktaleem.directory.people.models import Subject

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
    title: str | Promise
    kind: ValueKind = ValueKind.TEXT
    labels: Mapping[str, str | Promise] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reader:
    """The person whose rows are read, the sealer of their values, and the guardian who gets the copy, if any."""

    subject: "Subject"
    sealer: Sealer
    guardian_id: UUID | None = None

    @property
    def recipient_id(self) -> UUID:
        return self.guardian_id or self.subject.pk


type Source = Callable[[Any, Reader], Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of a copy: what one or several tables (labels of models) hold about a person.

    ``of`` are the paths in the first one by which a row belongs to the person. ``is_provided`` data, which the person
    provided, belongs to portability too (GDPR Art. 20). ``category`` is the code of a data category, if it has one.
    """

    code: str
    title: str | Promise
    tables: tuple[str, ...]
    columns: tuple[Column, ...]
    read: Callable[[Reader], Iterator[Row]]
    count: "Callable[[Subject], int]"
    of: tuple[str, ...] = ()
    is_provided: bool = False
    category: str = ""


@dataclass(frozen=True, slots=True)
class Copied:
    """The section that a copy has of a table: the rows in which one of the paths ``of`` is the person.

    ``columns`` are codes, each with the path of its field if that differs (``system=system__code``). A title comes from
    ``titles`` or ``TITLES``, or else from the code; the kind and the labels from the field. ``read`` has functions of
    other columns, with the kind of their values if it is not text. ``part`` names the column in which the person
    appears, ``by`` who acted. ``tables`` are further tables that the rows show.
    """

    code: str
    title: str | Promise
    columns: str
    of: tuple[str, ...] = ("subject",)
    titles: Mapping[str, str | Promise] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str | Promise]] = field(default_factory=dict)
    read: Mapping[str, Source | tuple[ValueKind, Source]] = field(default_factory=dict)
    tables: tuple[str, ...] = ()
    is_provided: bool = False
    category: str = ""

    def make_section(self, model: type[Model]) -> Section:
        """Return the section of a model."""
        paths = parse_columns(self.columns)
        sources = {code: self._find_source(model, code, path) for code, path in paths.items()}
        related = sorted({path.rpartition("__")[0] for path in paths.values() if "__" in path} - {""})

        def select(subject: "Subject") -> QuerySet[Any]:
            own = Q()
            for column in self.of:
                own |= Q(**{column: subject.pk})
            return model._default_manager.filter(own, client_id=subject.client_id).order_by("pk")

        def read(reader: Reader) -> Iterator[Row]:
            rows = select(reader.subject)
            if related:
                rows = rows.select_related(*related)
            found: Iterable[Any] = ModelIterable(rows, chunked_fetch=True, chunk_size=_AT_ONCE)
            for row in found:
                yield {code: source(row, reader) for code, source in sources.items()}

        return Section(
            code=self.code,
            title=self.title,
            tables=(model._meta.label, *self.tables),
            columns=tuple(self._make_column(model, code, path) for code, path in paths.items()),
            read=read,
            count=lambda subject: select(subject).count(),
            of=self.of,
            is_provided=self.is_provided,
            category=self.category,
        )

    def _find_source(self, model: type[Model], code: str, path: str) -> Source:
        given = self.read.get(code)
        if given is not None:
            return given[1] if isinstance(given, tuple) else given
        if code == "part":
            return _get_part(self.of)
        if code == "by":
            return _get_actor
        return open_column(path) if isinstance(_find_field(model, path), SealedField) else _read_path(path)

    def _make_column(self, model: type[Model], code: str, path: str) -> Column:
        title = self.titles.get(code) or TITLES.get(code) or make_title(code)
        labels = self.labels.get(code) or _LABELS.get(code)
        given = self.read.get(code)
        if given is not None or code in _LABELS:
            return Column(code, title, given[0] if isinstance(given, tuple) else ValueKind.TEXT, labels or {})
        found = _find_field(model, path)
        if labels is None and "__" not in path:
            labels = {str(value): label for value, label in getattr(found, "flatchoices", ())}
        kinds = (kind for field, kind in _KINDS.items() if isinstance(found, field))
        return Column(code, title, next(kinds, ValueKind.TEXT), labels or {})


_KINDS: Mapping[Any, ValueKind] = {
    models.BooleanField: ValueKind.YES_NO,
    models.IntegerField: ValueKind.NUMBER,
    models.DateTimeField: ValueKind.TIME,
    models.DateField: ValueKind.DAY,
    ArrayField: ValueKind.LIST,
    models.JSONField: ValueKind.LIST,
}


def make_title(code: str) -> Promise:
    """Return the title of a column by its code; ``tools.messages`` finds it there."""
    return _(code.removesuffix("_at").replace("_", " ").capitalize())


def _find_field(model: Any, path: str) -> Any:
    *relations, name = path.split("__")
    try:
        for relation in relations:
            model = model._meta.get_field(relation).related_model
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None


def _read_path(path: str) -> Source:
    names = path.split("__")

    def read(row: Any, _reader: Reader) -> Value:
        value = row
        for name in names:
            value = None if value is None else getattr(value, name)
        return to_plain(value)

    return read


def to_plain(value: object) -> Value:
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


def open_column(name: str, *, column: str = "") -> Source:
    """Return a source that opens a column sealed under the person's key; ``column`` is its name in the encryption."""

    def read(row: Any, reader: Reader) -> Value:
        sealed: Sealed | None = getattr(row, name)
        bound_to = column or f"{row._meta.db_table}.{name}"
        return None if sealed is None else reader.sealer.open(sealed, column=bound_to)

    return read


def _get_part(columns: tuple[str, ...]) -> Source:
    def read(row: Any, reader: Reader) -> Value:
        return next((name for name in columns if getattr(row, f"{name}_id") == reader.subject.pk), None)

    return read


_ACTORS = {ByKind.USER: "staff", ByKind.API_KEY: "system", ByKind.SYSTEM: "portal"}


def _get_actor(row: Any, reader: Reader) -> Value:
    kind = ByKind(row.actor_kind)
    if kind is ByKind.SUBJECT:
        return "person" if row.actor_id == reader.subject.pk else "other_person"
    return _ACTORS[kind]


_LABELS: Mapping[str, Mapping[str, str | Promise]] = {
    "by": {
        "person": _("You"),
        "other_person": _("Another person, such as a guardian"),
        "staff": _("A member of staff"),
        "system": _("The learning platform or another system"),
        "portal": _("The portal"),
    },
    "part": {
        "subject": _("The data subject"),
        "child": _("The child"),
        "guardian": _("The guardian"),
        "requester": _("The guardian"),
    },
}

TITLES: Mapping[str, str | Promise] = {
    "categories": _("Categories of data"),
    "category": _("Category of data"),
    "claimed_at": _("Collected, as stated"),
    "count": _("Records"),
    "country": _("Country of residence"),
    "created_at": _("Issued"),
    "ends_at": _("Until"),
    "expires_at": _("Valid until"),
    "given_by": _("Answered by"),
    "part": _("Your part"),
    "route": _("Channel"),
    "starts_at": _("From"),
    "way": _("How"),
}
"""Titles of columns that several sections have, and that do not follow from the code."""
