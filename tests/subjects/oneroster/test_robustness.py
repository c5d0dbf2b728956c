"""A good package has the same people in any column order, letter case, quoting, line ends and byte order mark."""

import csv
import io
import tracemalloc
from contextlib import suppress
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paktaleem.directory.schools.oneroster.problems import RosterInvalid
from tests.rosters import RosterPackage, clean_network, odd_network, open_roster, packed, people_of, school

FREELY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ODD = odd_network()
MEMBERS = ODD.members()


def read(path: Path) -> None:
    with suppress(RosterInvalid), open_roster(path) as roster:
        assert roster.size == len(people_of(roster))
        assert roster.relation_count == len(set(roster.relations()))


@FREELY
@given(data=st.binary(max_size=400))
def test_any_bytes_open_or_are_refused(tmp_path, data):
    path = tmp_path / "any.zip"
    path.write_bytes(data)
    read(path)


@FREELY
@given(position=st.floats(0, 1, exclude_max=True), patch=st.binary(min_size=1, max_size=12))
def test_any_patch_of_the_zip_opens_or_is_refused(tmp_path, position, patch):
    path = ODD.write(tmp_path / "patched.zip")
    data = bytearray(path.read_bytes())
    start = int(position * len(data))
    data[start : start + len(patch)] = patch
    path.write_bytes(data)
    read(path)


@FREELY
@given(
    file=st.sampled_from(sorted(MEMBERS)),
    position=st.floats(0, 1),
    cut=st.integers(0, 40),
    patch=st.one_of(st.binary(max_size=20), st.text(',"\r\n\0@.- aبé', max_size=20).map(str.encode)),
)
def test_any_patch_of_a_member_opens_or_is_refused(tmp_path, file, position, cut, patch):
    package = odd_network()
    text = MEMBERS[file]
    start = int(position * len(text))
    package.raw[file] = text[:start] + patch + text[start + cut :]
    read(package.write(tmp_path / "patched.zip"))


@FREELY
@given(cells=st.dictionaries(st.sampled_from(ODD.headers["users.csv"]), st.text(max_size=30)))
def test_any_cells_of_a_person_open_or_are_refused(tmp_path, cells):
    package = odd_network()
    package.row("users.csv", "hina").update({k: v.encode(errors="ignore").decode() for k, v in cells.items()})
    read(package.write(tmp_path / "cells.zip"))


@FREELY
@given(name=st.text(min_size=1, max_size=20).filter(lambda name: name.isprintable()))
def test_any_member_name_is_accepted_or_refused(tmp_path, name):
    package = clean_network()
    package.raw[name] = b"x"
    read(package.write(tmp_path / "names.zip"))


def streaming_peak(path: Path) -> int:
    """Return the peak memory, in bytes, that streaming adds to the open roster."""
    with open_roster(path) as roster:
        tracemalloc.start()
        try:
            for stream in (roster.placed_people(), roster.relations()):
                for _ in stream:
                    pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def test_streaming_four_times_the_people_uses_no_more_memory(tmp_path):
    small = streaming_peak(school(5_000).write(tmp_path / "small.zip"))
    large = streaming_peak(school(20_000).write(tmp_path / "large.zip"))
    assert large < small + 64 * 1024
    assert large < 1024 * 1024


def test_the_first_person_is_yielded_before_the_last_is_read(tmp_path):
    with open_roster(school(2_000).write(tmp_path / "roster.zip")) as roster:
        assert [person.external_id for _, person in islice(roster.placed_people(), 1)] == ["celia"]


@pytest.mark.parametrize("people", [5_000])
def test_an_open_roster_holds_less_than_a_kibibyte_for_a_student(tmp_path, people):
    path = school(people).write(tmp_path / "roster.zip")
    tracemalloc.start()
    try:
        with open_roster(path):
            peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < people * 1024 + 512 * 1024


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
