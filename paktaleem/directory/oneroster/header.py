"""The header of a table: its columns in any order and letter case, unknown ones named and not read."""

from collections.abc import Mapping, Sequence

from paktaleem.directory.oneroster.columns import Table
from paktaleem.directory.oneroster.package import shown
from paktaleem.directory.oneroster.problems import ProblemLog, refusal

STATUS = "status"


def read_header(table: Table, header: Sequence[str], row: int, log: ProblemLog, *, delta: bool) -> Mapping[str, int]:
    """Return the position of each known column, or nothing if rows of a file without people cannot be distinguished.

    Raises RosterInvalid if a column that decides is missing or appears twice; in a delta the status decides too.
    """
    places: dict[str, int] = {}
    unknown: list[str] = []
    decisive = table.decisive | ({STATUS} if delta and table.is_about_people else set())
    for place, text in enumerate(header):
        name = table.names.get(text.strip().casefold())
        if name is None:
            unknown.append(shown(text.strip()))
        elif name in places:
            _report_repeated(table, name, row, log, decides=name in decisive or name in table.extensions)
        else:
            places[name] = place
            if text != name:
                log.oddity(table.file, row, name, "column_spelling", value=shown(text), meaning=name)
    _require(table, [name for name in table.header if name in decisive and name not in places], row)
    if "sourcedId" not in places and not table.is_about_people:
        log.oddity(table.file, row, "sourcedId", "file_unreadable")  # a row of data may be where the header should be
        return {}
    for name in unknown:
        log.oddity(table.file, row, name or None, "column_ignored")
    _report_differences(table, places, row, log)
    return places


def _report_repeated(table: Table, name: str, row: int, log: ProblemLog, *, decides: bool) -> None:
    if decides:
        message = f"{name} appears more than once; it is unclear which one counts"
        raise refusal(table.file, "header_wrong", message, row=row)
    log.oddity(table.file, row, name, "column_repeated")


def _require(table: Table, missing: Sequence[str], row: int) -> None:
    if missing:
        message = f"the header lacks {', '.join(missing)}: without it, it is unclear who the people in this file are"
        raise refusal(table.file, "header_wrong", message, row=row)


def _report_differences(table: Table, places: Mapping[str, int], row: int, log: ProblemLog) -> None:
    for name in table.kept:
        if name not in places:
            log.oddity(table.file, row, name, "column_missing")
    found = [places[name] for name in table.header if name in places]
    if found != sorted(found):
        log.oddity(table.file, row, None, "columns_reordered")
