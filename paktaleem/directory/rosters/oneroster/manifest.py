"""The manifest of a package: its version and declared files, compared with the files present."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from paktaleem.directory.rosters.oneroster.columns import MANIFEST, MANIFEST_HEADER, VERSIONS, Version
from paktaleem.directory.rosters.oneroster.package import Package, shown
from paktaleem.directory.rosters.oneroster.problems import ProblemLog, refusal

MANIFEST_VERSION = "1.0"
BULK, DELTA, ABSENT = "bulk", "delta", "absent"
_VERSION_PROPERTY = "oneroster.version"
_FILE_PREFIX = "file."
_DECLARATIONS = (ABSENT, BULK, DELTA)


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
    version = _known_version(properties)
    if properties.get("manifest.version", ("", 0))[0] != MANIFEST_VERSION:
        message = f"manifest.version must be {MANIFEST_VERSION}"
        log.fatal(MANIFEST, None, "value", "manifest_version_unsupported", message)
    declared = _declarations(properties, version, log)
    _compare(declared, package.members, version, log)
    present = {file: declared.get(file, ABSENT) for file in version.files if file in package.members}
    return Manifest(version, present)


def _read_properties(package: Package, log: ProblemLog) -> dict[str, tuple[str, int]]:
    if MANIFEST not in package.members:
        raise refusal(MANIFEST, "manifest_missing", "manifest.csv is missing at the root of the zip")
    properties: dict[str, tuple[str, int]] = {}
    rows = package.rows(MANIFEST)
    if tuple(next(rows, (1, []))[1]) != MANIFEST_HEADER:
        message = f"the header must be {','.join(MANIFEST_HEADER)}"
        raise refusal(MANIFEST, "header_wrong", message, row=1)
    for number, cells in rows:
        if len(cells) != len(MANIFEST_HEADER):
            log.fatal(MANIFEST, number, None, "cell_count_wrong", "a row has two cells")
        elif cells[0] in properties:
            log.fatal(MANIFEST, number, "propertyName", "property_repeated", "appears a second time")
        else:
            properties[cells[0]] = (cells[1], number)
    return properties


def _known_version(properties: dict[str, tuple[str, int]]) -> Version:
    number, row = properties.get(_VERSION_PROPERTY, ("", None))
    if number not in VERSIONS:
        message = f"{_VERSION_PROPERTY} must be one of: {', '.join(VERSIONS)}"
        raise refusal(MANIFEST, "version_unsupported", message, row=row)
    return VERSIONS[number]


def _declarations(properties: dict[str, tuple[str, int]], version: Version, log: ProblemLog) -> dict[str, str]:
    declared = {}
    for name, (value, row) in properties.items():
        if not name.startswith(_FILE_PREFIX):
            continue
        file = f"{name.removeprefix(_FILE_PREFIX)}.csv"
        if value not in _DECLARATIONS:
            message = f"must be one of: {', '.join(_DECLARATIONS)}"
            log.fatal(MANIFEST, row, "value", "value_not_allowed", message)
        elif file not in version.files and value != ABSENT:
            log.fatal(MANIFEST, row, "propertyName", "file_unknown", _no_such_file(version))
        declared[file] = value
    return declared


def _no_such_file(version: Version) -> str:
    return f"OneRoster {version.number} has no such file"


def _compare(declared: dict[str, str], members: Iterable[str], version: Version, log: ProblemLog) -> None:
    found = set(members) - {MANIFEST}
    needed = () if DELTA in declared.values() else version.needed
    for file in sorted(found - set(version.files)):
        log.fatal(shown(file), None, None, "file_unknown", _no_such_file(version))
    for file in version.files:
        declaration = declared.get(file, ABSENT)
        if declaration in {BULK, DELTA} and file not in found:
            log.fatal(file, None, None, "file_missing", f"declared {declaration} in the manifest, and not in the zip")
        elif declaration == ABSENT and file in found:
            message = "in the zip, and the manifest does not declare it bulk or delta"
            log.fatal(file, None, None, "file_undeclared", message)
        elif file in needed and declaration == ABSENT:
            log.fatal(file, None, None, "file_needed", "an import needs this file")
