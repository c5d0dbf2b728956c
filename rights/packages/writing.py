"""Write a package: pages for people, JSON and CSV for machines, and what the systems gave."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from consent.notices.selectors.registers import map_category_names
from paktaleem.directory.data_systems.models import EXEMPTION_LABELS, Order, OrderPart, Waiver, describe_state
from paktaleem.directory.data_systems.rests_on import RestsOn
from paktaleem.directory.data_systems.selectors import list_parts
from paktaleem.directory.data_systems.states import State
from paktaleem.directory.files.models import FileKind
from paktaleem.directory.files.services import iterate_file
from paktaleem.directory.people.copies.declarations import Reader, Row, Section, Value, ValueKind
from paktaleem.directory.people.copies.sections import list_files
from paktaleem.foundation.text.cells import format_cell
from paktaleem.foundation.text.times import get_separator, join_words
from paktaleem.foundation.web.public.pages import get_urdu_font
from retention.data_map.portal import list_portal_lines
from retention.data_map.selectors import find_bases
from rights.packages.about import describe_processing
from rights.packages.archive import Archive, Entry, build_schema
from rights.packages.models import Package
from rights.packages.selectors import Contents, list_orders, safe_name
from rights.requests.models import RightKind

ENDINGS = {FileKind.PDF: "pdf", FileKind.JPEG: "jpg", FileKind.PNG: "png", FileKind.JSON: "json"}
"""Endings of the names of files, by their kind."""


@dataclass(frozen=True, slots=True)
class SystemAnswer:
    """One system's answer to the order of a package: the reason if it gave nothing, its files and their paths.

    ``bases`` says by category (code) why the system was asked, and whether it confirmed what it holds.
    """

    order: Order
    bases: Mapping[str, RestsOn]
    reason: object
    is_left_out: bool
    files: Sequence[tuple[OrderPart, str]]

    def describe(self, names: Mapping[str, str]) -> dict[str, object]:
        """Return the answer in words of the current language; ``names`` are those of the data categories."""
        return {
            "system": self.order.system.name,
            "code": self.order.system.code,
            "answer": str(_("Left out: not granted"))
            if self.is_left_out
            else describe_state(self.order.state, self.order.system),
            "reason": "" if self.is_left_out else str(self.reason),
            "data": [
                {"category": code, "name": names.get(code, code), **one.to_codes(), "words": one.describe()}
                for code, one in self.bases.items()
            ],
            "files": [{"path": path, "category": part.category, "bytes": part.file.size} for part, path in self.files],
        }


def list_system_answers(package: Package, contents: Contents, *, portable: frozenset[str]) -> list[SystemAnswer]:
    """List the systems' answers; a package for portability only has the files of ``portable`` categories."""
    orders = list(list_orders(package))
    bases = find_bases(package.client_id, orders)
    return [
        _to_answer(order, bases[order.pk], folder, contents, portable) for folder, order in enumerate(orders, start=1)
    ]


def _to_answer(
    order: Order, bases: Mapping[str, RestsOn], folder: int, contents: Contents, portable: frozenset[str]
) -> SystemAnswer:
    is_left_out = not contents.has_system(order.system.code)
    has_files = not is_left_out and order.copies_purged_at is None
    parts = list_parts(order) if has_files else []
    wanted = [part for part in parts if contents.is_access or part.category in portable]
    path = f"systems/{folder:02}-{safe_name(order.system.code)}"
    files = [
        (part, f"{path}/{number:03}-{safe_name(part.category)}.{ENDINGS[FileKind(part.file.kind)]}")
        for number, part in enumerate(wanted, start=1)
    ]
    return SystemAnswer(order, bases, _find_reason(order), is_left_out, files)


def _find_reason(order: Order) -> object:
    if order.state == State.NOT_APPLICABLE:
        code = str((order.result or {}).get("reason", ""))
        return EXEMPTION_LABELS.get(code, code)
    if order.state == State.WAIVED:
        waiver = Waiver.objects.filter(client_id=order.client_id, order=order).first()
        return waiver.get_reason_display() if waiver is not None else ""
    return ""


MOST_ROWS_ON_PAGE = 200
"""Rows of a section on the page for people; all rows are in its table, so that memory use is flat."""
_PORTABLE = "portable/"


@dataclass(slots=True)
class _Shown:
    """A section as the page shows it: the number of rows, and the first ones."""

    section: Section
    count: int = 0
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PackageWriter:
    """Writes one package into an archive, row by row; ``others`` read the person's other records, each in a folder."""

    package: Package
    contents: Contents
    reader: Reader
    sections: Sequence[Section]
    answers: Sequence[SystemAnswer]
    portable: frozenset[str]
    at: datetime
    others: Sequence[Reader] = ()

    def write(self, archive: Archive) -> str:
        """Write every file; return the hash of the manifest."""
        chosen = [one for one in self.sections if self.contents.has_section(one.code)]
        provided = [one for one in chosen if one.is_provided]
        shown = self.write_data(archive, chosen if self.contents.is_access else provided, "")
        if self.contents.is_access and self.contents.is_portability:
            self.write_data(archive, provided, _PORTABLE)
        for folder, other in self._list_folders():
            found = chosen if self.contents.is_access else provided
            replace(self, reader=other).write_data(archive, found, folder)
        for answer in self.answers:
            for part, path in answer.files:
                with archive.entry(path, is_portable=part.category in self.portable) as entry:
                    for chunk in iterate_file(part.file):
                        entry.write(chunk)
        stored = self._write_stored_files(archive) if self.contents.is_access else []
        for language, _name in settings.LANGUAGES:
            with translation.override(language), archive.entry(f"index.{language}.html") as entry:
                entry.write(self._render_page(language, shown, stored).encode())
        return archive.finish(self._describe_request())

    def _list_folders(self) -> list[tuple[str, Reader]]:
        return [(f"record-{number}/", other) for number, other in enumerate(self.others, start=2)]

    def _write_stored_files(self, archive: Archive) -> list[str]:
        files = (one for reader in (self.reader, *self.others) for one in list_files(reader))
        chosen = (one for one in files if self.contents.has_section(one.section))
        paths = []
        for number, one in enumerate(chosen, start=1):
            path = f"files/{number:03}-{safe_name(one.name)}.{ENDINGS[FileKind(one.file.kind)]}"
            paths.append(path)
            with archive.entry(path) as entry:
                for chunk in iterate_file(one.file):
                    entry.write(chunk)
        return paths

    def write_data(self, archive: Archive, sections: Sequence[Section], folder: str) -> list[_Shown]:
        """Write schema, tables and JSON of some sections; return what the page shows of them."""
        is_portable = folder == _PORTABLE or not self.contents.is_access
        with archive.entry(f"{folder}schema.json", is_portable=is_portable) as entry, translation.override("en"):
            entry.write_json(build_schema(sections))
        shown = [self._write_table(archive, one, folder, is_portable=is_portable) for one in sections]
        with archive.entry(f"{folder}data.json", is_portable=is_portable) as entry:
            entry.write(b'{"about": ')
            entry.write_json({language: self._describe(language) for language, _name in settings.LANGUAGES})
            entry.write(b', "sections": {')
            for number, one in enumerate(shown):
                entry.write(b", " if number else b"")
                self._write_json(entry, one)
            entry.write(b"}}")
        return shown

    def _write_table(self, archive: Archive, section: Section, folder: str, *, is_portable: bool) -> _Shown:
        shown, codes = _Shown(section), [column.code for column in section.columns]

        def cells() -> Iterator[list[Any]]:
            for row in section.read(self.reader):
                shown.count += 1
                if len(shown.rows) < MOST_ROWS_ON_PAGE:
                    shown.rows.append(row)
                values = [row[code] for code in codes]
                yield [format_cell("; ".join(one) if isinstance(one, list) else one) for one in values]

        with archive.entry(f"{folder}tables/{section.code}.csv", is_portable=is_portable) as entry:
            entry.write_rows(codes, cells())
        return shown

    def _write_json(self, entry: Entry, shown: _Shown) -> None:
        """Write the rows of a section that are also in its table; later ones are in neither."""
        entry.write_json(shown.section.code)
        entry.write(b": [")
        for number, row in enumerate(islice(shown.section.read(self.reader), shown.count)):
            entry.write(b",\n" if number else b"\n")
            entry.write_json(row)
        entry.write(b"]")

    def _describe_request(self) -> dict[str, object]:
        granted = {RightKind.ACCESS: self.contents.is_access, RightKind.PORTABILITY: self.contents.is_portability}
        return {
            "request": self.package.request.number,
            "rights": [kind.value for kind, is_granted in granted.items() if is_granted],
            "person": str(self.package.subject_id),
            "built_at": _to_iso(self.at),
            "left_out": sorted(self.contents.left_out),
        }

    def _describe(self, language: str) -> dict[str, object]:
        with translation.override(language):
            about = self._describe_request() | describe_processing(self.package, at=self.at)
            names = map_category_names(self.package.client_id, language=language)
            portal = [asdict(line) for line in list_portal_lines(self.package.client_id)]
            return about | {"systems": [answer.describe(names) for answer in self.answers], "portal": portal}

    def _render_page(self, language: str, shown: Sequence[_Shown], stored: Sequence[str]) -> str:
        values = {
            "about": self._describe(language),
            "request": self.package.request,
            "client": self.package.request.client,
            "contents": self.contents,
            "language": language,
            "other": next(code for code, _name in settings.LANGUAGES if code != language),
            "is_rtl": translation.get_language_bidi(),
            "urdu_font": get_urdu_font(),
            "separator": get_separator(),
            "built_at": _to_iso(self.at),
            "sections": [_to_table(one) for one in shown],
            "stored": stored,
            "folders": [folder for folder, _other in self._list_folders()],
            "most": MOST_ROWS_ON_PAGE,
        }
        return render_to_string("rights/package.html", values)


def _to_table(shown: _Shown) -> dict[str, object]:
    columns = shown.section.columns
    rows = [[_to_words(row[column.code], column.labels, column.kind) for column in columns] for row in shown.rows]
    return {
        "code": shown.section.code,
        "title": shown.section.title,
        "columns": [column.title for column in columns],
        "rows": rows,
        "count": shown.count,
        "has_more": shown.count > len(shown.rows),
    }


def _to_words(value: Value, labels: Any, kind: ValueKind) -> Any:
    if isinstance(value, bool):
        return translation.gettext("Yes") if value else translation.gettext("No")
    if isinstance(value, list):
        return join_words(labels.get(one, one) for one in value)
    if value is None:
        return ""
    if kind is ValueKind.TIME:
        return str(value)[:16].replace("T", " ")
    return labels.get(str(value), value)


def _to_iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
