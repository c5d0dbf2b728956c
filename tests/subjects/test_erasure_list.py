"""The erasure list outside the database: private, durable, chained; every alteration is detected."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from paktaleem.foundation.encryption.erasure_list import FileErasureList, ListDamaged, erasure_list
from paktaleem.foundation.encryption.keyring import new_keyring_text

NOBODY = 65534
AT = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)


def add(listed, at=AT):
    return listed.intend(client_id=uuid4(), subject_id=uuid4(), role="student", tombstone=b"t" * 32, at=at)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "erasures.jsonl"


@pytest.fixture
def written(path):
    """Return a list of three intents, two of them done: five lines."""
    listed = FileErasureList(path)
    first, second, _ = add(listed), add(listed), add(listed)
    listed.finish(first.number, at=AT)
    listed.finish(second.number, at=AT)
    return path


def test_other_readers_see_added_lines(path):
    listed = FileErasureList(path)
    one, other = add(listed), add(listed)
    listed.finish(one.number, at=AT)
    reader = FileErasureList(path)
    assert reader.intents() == {1: one, 2: other}
    assert reader.finished() == {1}
    third = add(listed)
    assert reader.intents()[4] == third


def test_the_file_is_private_and_holds_ids_only(path):
    one = add(FileErasureList(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    line = json.loads(path.read_text())
    assert len(bytes.fromhex(line.pop("mac"))) == 32
    assert line == {
        "number": 1,
        "kind": "intent",
        "at": AT.isoformat(),
        "client": str(one.client_id),
        "subject": str(one.subject_id),
        "role": "student",
        "tombstone": (b"t" * 32).hex(),
    }


def test_a_line_is_synced_before_it_counts(path, monkeypatch):
    synced = []
    monkeypatch.setattr("os.fsync", lambda _: synced.append(path.read_bytes() if path.exists() else b""))
    add(FileErasureList(path))
    assert path.read_bytes() in synced


def altered(text, number):
    lines = text.splitlines(keepends=True)
    line = json.loads(lines[number])
    line["at"] = "2020-01-01T00:00:00+00:00"
    lines[number] = json.dumps(line) + "\n"
    return "".join(lines)


def without(text, number):
    lines = text.splitlines(keepends=True)
    return "".join(lines[:number] + lines[number + 1 :])


def swapped(text, number):
    lines = text.splitlines(keepends=True)
    lines[number], lines[number + 1] = lines[number + 1], lines[number]
    return "".join(lines)


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize(
    "alter", [altered, lambda text, n: text.replace("student", "teacher") if n == 0 else text + "{}\n"]
)
def test_an_edit_or_an_addition_is_detected(written, alter, number):
    written.write_text(alter(written.read_text(), number))
    with pytest.raises(ListDamaged):
        FileErasureList(written).intents()


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("alter", [without, swapped])
def test_a_missing_or_moved_line_is_detected(written, alter, number):
    written.write_text(alter(written.read_text(), number))
    with pytest.raises(ListDamaged):
        FileErasureList(written).intents()


def test_a_line_of_an_earlier_list_is_detected(path, tmp_path):
    earlier = tmp_path / "earlier.jsonl"
    for one in (path, earlier):
        listed = FileErasureList(one)
        add(listed)
        add(listed)
    first, _ = path.read_text().splitlines(keepends=True)
    _, second = earlier.read_text().splitlines(keepends=True)
    path.write_text(first + second)
    with pytest.raises(ListDamaged):
        FileErasureList(path).intents()


def test_the_list_of_another_installation_is_detected(written, monkeypatch):
    monkeypatch.setattr(settings, "KEYRING", new_keyring_text())
    with pytest.raises(ListDamaged):
        FileErasureList(written).intents()


def test_nothing_is_added_to_a_damaged_list(written):
    written.write_text(altered(written.read_text(), 2))
    before = written.read_bytes()
    with pytest.raises(ListDamaged):
        add(FileErasureList(written))
    assert written.read_bytes() == before


def test_damage_and_repair_of_the_list_are_both_noticed(written):
    right = written.read_text()
    listed = FileErasureList(written)
    assert len(listed.intents()) == 3
    written.write_text(altered(right, 1) + "{}\n")
    for _ in range(2):
        with pytest.raises(ListDamaged):
            listed.intents()
    written.write_text(right)
    assert len(listed.intents()) == 3


@pytest.mark.parametrize("left", [1, 20, 200])
def test_half_a_line_left_by_a_crash_is_removed(written, left):
    whole = written.read_bytes()
    one = add(FileErasureList(written))
    written.write_bytes(whole + written.read_bytes()[len(whole) :][:left])
    listed = FileErasureList(written)
    assert one.number not in listed.intents(), "half a line never counted"
    again = add(listed)
    assert again.number == one.number
    assert FileErasureList(written).intents()[again.number] == again


def test_a_replaced_list_is_read_again(written):
    listed = FileErasureList(written)
    listed.intents()
    shorter = "".join(written.read_text().splitlines(keepends=True)[:1])
    written.unlink()
    assert listed.intents() == {}
    written.write_text(shorter)
    assert list(listed.intents()) == [1]


@pytest.mark.parametrize("added", [0, 1])
def test_another_list_under_the_same_inode_is_read_again(written, tmp_path, added):
    """A file system may give a new file the inode of the one it replaces; its size may be the same, too."""
    other = FileErasureList(tmp_path / "other.jsonl")
    first, second, third = add(other), add(other), add(other)
    other.finish(first.number, at=AT)
    other.finish(third.number, at=AT)
    for _ in range(added):
        add(other)
    listed = FileErasureList(written)
    listed.intents()
    written.write_bytes((tmp_path / "other.jsonl").read_bytes())
    assert listed.intents() == other.intents()
    assert listed.intents()[second.number] == second
    assert listed.finished() == {first.number, third.number}


def test_concurrent_writers_write_one_chain(path):
    def work(_):
        listed = FileErasureList(path)
        return [add(listed).number for _ in range(10)]

    with ThreadPoolExecutor(8) as pool:
        numbers = [number for part in pool.map(work, range(8)) for number in part]
    assert sorted(numbers) == list(range(1, 81))
    assert list(FileErasureList(path).intents()) == list(range(1, 81))


def test_without_a_configured_file_there_is_no_list(monkeypatch):
    monkeypatch.setattr(settings, "ERASURE_LIST_FILE", "")
    with pytest.raises(ImproperlyConfigured, match="ERASURE_LIST_FILE"):
        erasure_list()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another account")
def test_a_list_made_by_root_belongs_to_the_owner_of_its_folder(path):
    os.chown(path.parent, NOBODY, NOBODY)
    add(FileErasureList(path))
    assert (path.stat().st_uid, path.stat().st_gid) == (NOBODY, NOBODY)
