"""The manifest of a package: which version it is, which files it says it holds, and whether it does."""

from collections.abc import Iterable

from paktaleem.subjects.oneroster.columns import FILES, MANIFEST, MANIFEST_HEADER, NEEDED
from paktaleem.subjects.oneroster.package import Package, shown
from paktaleem.subjects.oneroster.problems import ProblemLog, RosterInvalid, refusal

VERSION = "1.1"
MANIFEST_VERSION = "1.0"
_VERSION_PROPERTY = "oneroster.version"
_FILE_PREFIX = "file."
_DECLARATIONS = ("absent", "bulk", "delta")


def present_files(package: Package, log: ProblemLog) -> frozenset[str]:
    """Return the files that can be read: known, and in the package; log where manifest and package differ.

    Raises RosterInvalid if the manifest is missing, unreadable, or not of version 1.1.
    """
    properties = _read_properties(package, log)
    _require_version(properties)
    if properties.get("manifest.version", ("", 0))[0] != MANIFEST_VERSION:
        message = f"manifest.version must be {MANIFEST_VERSION}"
        log.fatal(MANIFEST, None, "value", "manifest_version_unsupported", message)
    declared = _declarations(properties, log)
    _compare(declared, package.members, log)
    return package.members & frozenset(FILES)


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
            log.fatal(MANIFEST, number, "propertyName", "property_repeated", "stands here a second time")
        else:
            properties[cells[0]] = (cells[1], number)
    return properties


def _require_version(properties: dict[str, tuple[str, int]]) -> None:
    version, row = properties.get(_VERSION_PROPERTY, ("", None))
    if version == "1.2":
        raise _version_refused("OneRoster 1.2 is not supported yet; export version 1.1", row)
    if version != VERSION:
        raise _version_refused(f"{_VERSION_PROPERTY} must be {VERSION}, the only version supported", row)


def _version_refused(message: str, row: int | None) -> RosterInvalid:
    return refusal(MANIFEST, "version_unsupported", message, row=row)


def _declarations(properties: dict[str, tuple[str, int]], log: ProblemLog) -> dict[str, str]:
    declared = {}
    for name, (value, row) in properties.items():
        if not name.startswith(_FILE_PREFIX):
            continue
        file = f"{name.removeprefix(_FILE_PREFIX)}.csv"
        if value not in _DECLARATIONS:
            log.fatal(MANIFEST, row, "value", "value_not_allowed", "must be one of: absent, bulk")
        elif value == "delta":
            message = "only bulk is supported: export all rows, not the changes"
            log.fatal(MANIFEST, row, "value", "delta_unsupported", message)
        elif file not in FILES and value != "absent":
            log.fatal(MANIFEST, row, "propertyName", "file_unknown", "OneRoster 1.1 has no such file")
        declared[file] = value
    return declared


def _compare(declared: dict[str, str], members: Iterable[str], log: ProblemLog) -> None:
    found = set(members) - {MANIFEST}
    for file in sorted(found - set(FILES)):
        log.fatal(shown(file), None, None, "file_unknown", "OneRoster 1.1 has no such file")
    for file in FILES:
        says = declared.get(file, "absent")
        if says == "bulk" and file not in found:
            log.fatal(file, None, None, "file_missing", "declared bulk in the manifest, and not in the zip")
        elif says == "absent" and file in found:
            message = "in the zip, and the manifest does not declare it bulk"
            log.fatal(file, None, None, "file_undeclared", message)
        elif file in NEEDED and says == "absent":
            log.fatal(file, None, None, "file_needed", "an import needs this file")
