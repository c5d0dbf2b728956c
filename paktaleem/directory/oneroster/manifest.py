"""The manifest of a package: its version and declared files, compared with the files present."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from paktaleem.directory.oneroster.columns import MANIFEST, MANIFEST_HEADER, VERSIONS, Version
from paktaleem.directory.oneroster.package import Package, shown
from paktaleem.directory.oneroster.problems import ProblemLog, refusal

MANIFEST_VERSION = "1.0"
BULK, DELTA, ABSENT = "bulk", "delta", "absent"
_VERSION_PROPERTY = "oneroster.version"
_FILE_PREFIX = "file."
_DECIDING = (_VERSION_PROPERTY, _FILE_PREFIX)
_DECLARATIONS = (ABSENT, BULK, DELTA)
_VERSION = re.compile(r"(1\.[12])(?:\.[0-9]{1,2})?")

type _Properties = dict[str, tuple[str, int]]  # by name in lower case: the value and its row


@dataclass(frozen=True, slots=True)
class Manifest:
    """A package's version, and for each file present whether it is bulk or delta."""

    version: Version
    files: Mapping[str, str]

    def is_delta(self, file: str) -> bool:
        """Return True if a file holds changes only."""
        return self.files.get(file) == DELTA

    def is_whole(self, file: str) -> bool:
        """Return True if a file is complete, so that records not in it do not exist."""
        return self.files.get(file) == BULK


def read_manifest(package: Package, log: ProblemLog) -> Manifest:
    """Read the manifest; log differences between it and the package.

    Raises RosterInvalid if the manifest is missing, unreadable, or of an unsupported version.
    """
    properties = _read_properties(package, log)
    version = _known_version(properties, log)
    _check_manifest_version(properties, log)
    declared = _declarations(properties, version, log)
    _compare(declared, package, version, log)
    present = {file: declared[file] for file in declared if package.find_member(file) and declared[file] != ABSENT}
    return Manifest(version, present)


def _read_properties(package: Package, log: ProblemLog) -> _Properties:
    if package.find_member(MANIFEST) is None:
        message = "manifest.csv is missing, or there are several: put the files of one package into the zip"
        raise refusal(MANIFEST, "manifest_missing", message)
    if package.folder:
        log.oddity(MANIFEST, None, None, "folder_in_zip")
    properties: _Properties = {}
    rows = package.rows(MANIFEST, log)
    header = [text.strip().casefold() for text in next(rows, (1, []))[1]]
    names = [name.casefold() for name in MANIFEST_HEADER]
    if any(header.count(name) != 1 for name in names):
        message = f"the header must hold {' and '.join(MANIFEST_HEADER)}"
        raise refusal(MANIFEST, "header_wrong", message, row=1)
    at_name, at_value = map(header.index, names)
    for number, cells in rows:
        padded = [*cells, *[""] * len(header)]
        _take_property(properties, padded[at_name].strip(), padded[at_value].strip(), number, log)
    return properties


def _take_property(properties: _Properties, name: str, value: str, number: int, log: ProblemLog) -> None:
    known = properties.get(name.casefold())
    if known is None:
        properties[name.casefold()] = (value, number)
    elif known[0].casefold() == value.casefold() or not name.casefold().startswith(_DECIDING):
        log.oddity(MANIFEST, number, "propertyName", "property_repeated")
    else:
        message = "appears a second time with another value; it is unclear which one counts"
        log.fatal(MANIFEST, number, "propertyName", "property_repeated", message)


def _known_version(properties: _Properties, log: ProblemLog) -> Version:
    text, row = properties.get(_VERSION_PROPERTY, ("", None))
    found = _VERSION.fullmatch(text)
    if found is None:
        message = f"{_VERSION_PROPERTY} must be one of: {', '.join(VERSIONS)}; the columns depend on it"
        raise refusal(MANIFEST, "version_unsupported", message, row=row)
    if text not in VERSIONS:
        log.oddity(MANIFEST, row, "value", "oneroster_version", value=text, meaning=found[1])
    return VERSIONS[found[1]]


def _check_manifest_version(properties: _Properties, log: ProblemLog) -> None:
    text, row = properties.get("manifest.version", ("", None))
    if text in {"", "1"}:
        log.oddity(MANIFEST, row, "value", "manifest_version", value=text, meaning=MANIFEST_VERSION)
    elif text != MANIFEST_VERSION:
        message = f"manifest.version must be {MANIFEST_VERSION}"
        log.fatal(MANIFEST, row, "value", "manifest_version_unsupported", message)


def _declarations(properties: _Properties, version: Version, log: ProblemLog) -> dict[str, str]:
    declared = {}
    files = {file.casefold(): file for file in version.files}
    for name, (text, row) in properties.items():
        if not name.startswith(_FILE_PREFIX):
            continue
        file, value = files.get(f"{name.removeprefix(_FILE_PREFIX)}.csv"), text.casefold()
        if file is None:
            if value != ABSENT:
                log.oddity(MANIFEST, row, "propertyName", "property_ignored", value=shown(name))
        elif value in _DECLARATIONS:
            declared[file] = value
            if value != text:
                log.oddity(MANIFEST, row, "value", "value_spelling", value=text, meaning=value)
        elif version.is_about_people(file):
            message = f"must be one of: {', '.join(_DECLARATIONS)}; otherwise it is unclear whether {file} is complete"
            log.fatal(MANIFEST, row, "value", "value_not_allowed", message)
            declared[file] = BULK  # refused already
    return declared


def _compare(declared: dict[str, str], package: Package, version: Version, log: ProblemLog) -> None:
    known = {file.casefold(): file for file in (MANIFEST, *version.files)}
    for name in sorted(package.members):
        file = known.get(name.casefold())
        if file is None:
            log.oddity(shown(name), None, None, "file_ignored")
        elif file != name:
            log.oddity(file, None, None, "file_spelling", value=name, meaning=file)
    needed = () if DELTA in declared.values() else version.needed
    for file in version.files:
        _compare_file(file, declared.get(file, ABSENT), package, version, log, is_needed=file in needed)


def _compare_file(
    file: str, declaration: str, package: Package, version: Version, log: ProblemLog, *, is_needed: bool
) -> None:
    is_found, decides = package.find_member(file) is not None, version.is_about_people(file)
    if declaration != ABSENT and not is_found:
        if decides:
            message = f"declared {declaration} in the manifest, and not in the zip; people or their data are missing"
            log.fatal(file, None, None, "file_missing", message)
        else:
            log.oddity(file, None, None, "file_missing")
    elif declaration == ABSENT and is_found:
        if decides:
            message = "in the zip, and the manifest does not declare it bulk or delta: is it complete, or only changes?"
            log.fatal(file, None, None, "file_undeclared", message)
        else:
            log.oddity(file, None, None, "file_undeclared")
    elif is_needed and declaration == ABSENT:
        log.fatal(file, None, None, "file_needed", "an import needs this file")
