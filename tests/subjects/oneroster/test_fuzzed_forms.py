"""A good package has the same people in any column order, letter case, quoting, line ends and byte order mark."""

import csv
import io
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paktaleem.directory.schools.oneroster.roster import open_roster
from tests.rosters import RosterPackage, odd_network, packed, people_of

FREELY = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
EXTRA_NAMES = ["homeroom", "passwordHint", "metadata.cnic", "گھر", "x,y", 'say "hi"']
EXTRA_FILES = ["README.txt", "photos/1.jpg", "userFlags.csv", "relationships.csv", ".DS_Store"]


def good(version: str) -> RosterPackage:
    return odd_network() if version == "1.1" else odd_network().as_version_1_2()


def result_of(path):
    with open_roster(path) as roster:
        return roster.oddities, people_of(roster), list(roster.relations())


def in_any_case(chance: Random, name: str) -> str:
    return "".join(chance.choice((letter.lower(), letter.upper())) for letter in name)


def rewritten(package: RosterPackage, file: str, chance: Random, extra: list[str]) -> bytes:
    """Return a file with shuffled columns, extra ones, names in any letter case, blank rows and any style of CSV."""
    columns = [*package.headers[file], *extra]
    chance.shuffle(columns)
    header = [f"{chance.choice(('', ' '))}{in_any_case(chance, name)}" for name in columns]
    rows = [[row.get(name, "private" if name in extra else "") for name in columns] for row in package.tables[file]]
    return as_text([header, *rows], chance)


def as_text(rows: list[list[str]], chance: Random) -> bytes:
    out, end = io.StringIO(newline=""), chance.choice(("\r\n", "\n", "\r"))
    dialect = chance.choice(("unix", "excel"))  # every field in quotes, or only those that need them
    writer = csv.writer(out, dialect, lineterminator=end)
    for row in rows:
        for blank in chance.choices(([], [""] * len(row), [" "]), k=chance.choice((0, 0, 1, 2))):
            writer.writerow(blank)
        writer.writerow(row)
    mark = chance.choice((b"", b"\xef\xbb\xbf"))
    return mark + out.getvalue().encode()


def fuzzed(package: RosterPackage, chance: Random, names: list[str], files: list[str]) -> dict[str, bytes]:
    manifest = [["propertyName", "value"], *([name, value] for name, value in package.manifest.items())]
    built = {"manifest.csv": as_text(manifest, chance)}
    built |= {file: rewritten(package, file, chance, names) for file in package.tables}
    return {in_any_case(chance, name): data for name, data in built.items()} | dict.fromkeys(files, b"\0")


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@FREELY
@given(
    seed=st.integers(0, 2**32),
    names=st.lists(st.sampled_from(EXTRA_NAMES), max_size=3, unique=True),
    files=st.lists(st.sampled_from(EXTRA_FILES), max_size=3, unique=True),
)
def test_any_form_of_a_good_package_gives_the_same_people(tmp_path, version, seed, names, files):
    oddities, *expected = result_of(good(version).write(tmp_path / "good.zip"))
    package = good(version)
    members = fuzzed(package, Random(seed), names, files)  # noqa: S311 -- nothing secret
    found_oddities, *found = result_of(packed(members, tmp_path / "fuzzed.zip"))
    read = [file for file in package.tables if file != "userProfiles.csv"]
    assert found == expected
    assert found_oddities.get("file_ignored", 0) == len(files)
    assert found_oddities.get("column_ignored", 0) == len(names) * len(read)
    assert {code: found_oddities[code] for code in oddities} == oddities
