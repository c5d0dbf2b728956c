"""Any bytes open or are refused, and memory does not grow with the package."""

import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from paktaleem.directory.schools.oneroster.problems import RosterInvalid
from tests.rosters import clean_network, odd_network, open_roster, people_of, school

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
