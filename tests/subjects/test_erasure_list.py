"""The erasure list: private, durable, chained; every alteration is detected, and concurrent writers undo nothing."""

import io
import itertools
import json
import logging
import os
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from paktaleem.directory.people.fields import PERSONAL
from paktaleem.directory.people.models import Subject, SubjectKey
from paktaleem.directory.people.services.erasure import AlreadyErased, erase_subject
from paktaleem.directory.people.services.people import register_subject, reveal_fields
from paktaleem.foundation.embedded.layout import BACKUP, SUPERUSER
from paktaleem.foundation.encryption.erasure_list import FileErasureList, ListDamaged, erasure_list
from paktaleem.foundation.encryption.keyring import keyring, new_keyring_text
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.upkeep.backups.dumps import environment_of, find_program
from tests.api.callers import Caller
from tests.database import server_version, template_ready
from tests.subjects.test_erasure import opens, sealed_values_in
from tests.tenancy.connections import enter, rows
from tests.traces import forms

NOBODY = 65534
AT = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)


def add(listed, at=AT):
    return listed.intend(client_id=uuid4(), subject_id=uuid4(), role="student", tombstone=b"t" * 32, at=at)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "erasures.jsonl"


@pytest.fixture
def written(path):
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


def renamed_or_longer(text, number):
    return text.replace("student", "teacher") if number == 0 else text + "{}\n"


HARM = [*itertools.product((altered, renamed_or_longer), range(5)), *itertools.product((without, swapped), range(4))]


@pytest.mark.parametrize(("alter", "number"), HARM)
def test_an_edit_an_addition_and_a_missing_or_moved_line_are_detected(written, alter, number):
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


def test_the_list_of_another_installation_is_detected_and_nothing_is_added_to_a_damaged_one(written, monkeypatch):
    with monkeypatch.context() as other:
        other.setattr(settings, "KEYRING", new_keyring_text())
        with pytest.raises(ListDamaged):
            FileErasureList(written).intents()
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
    assert (again.number, FileErasureList(written).intents()[again.number]) == (one.number, again)


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
    assert (listed.intents(), listed.intents()[second.number]) == (other.intents(), second)
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


PERSON = "canary-lms-4711"
CANARIES = [
    "Quetzalina Vexillology",
    "Quetzalina Brachistochrone",
    "quetzalina.vexillology@canary.example",
    "quetzalina.brachistochrone@canary.example",
    "+921119988776",
    "+921119988777",
    "2016-02-29",
]
FIELDS = ("full_name", "email", "phone", "birth_date")
FULL = {"role": "student", **dict(zip(FIELDS, CANARIES[::2], strict=True))}
CHANGED = {**FULL, **dict(zip(FIELDS, CANARIES[1::2], strict=False))}
GONE = {404, 409, 410}


def plain_dump():
    url = template_ready().url(BACKUP, str(connections.databases["default"]["NAME"]))
    command = [str(find_program("pg_dump", major=server_version())), "--format=plain", "--no-password"]
    return subprocess.run(command, env=environment_of(url), check=True, capture_output=True).stdout.lower()


class Writers:
    def __init__(self, cast, now):
        self.cast, self.now, self.stopped = cast, now, Event()
        self.statuses: list[int] = []
        self.turns = itertools.count()

    def work(self, number):
        jobs = [self.sync, self.consent, self.reveal_by_api, self.register_by_service, self.reveal_by_service]
        try:
            caller = Caller(self.cast.key("indus"))
            while not self.stopped.is_set():
                self.statuses.append(jobs[number % len(jobs)](caller))
        finally:
            connections.close_all()

    def sync(self, caller):
        return int(caller.put(f"/api/v1/subjects/{PERSON}", (FULL, CHANGED)[next(self.turns) % 2]).status_code)

    def consent(self, caller):
        answers = [{"purpose": "newsletter", "state": "refused"}]
        body = {"subject": PERSON, "answers": answers, "notice_version": caller.notice("newsletter")}
        headers = {"Idempotency-Key": f"canary-{next(self.turns)}"}
        answer = caller._client.post("/api/v1/consents", body, content_type="application/json", headers=headers)
        return int(answer.status_code)

    def reveal_by_api(self, caller):
        return int(caller.get(f"/api/v1/subjects/{PERSON}", include="personal", reason="support_case").status_code)

    def register_by_service(self, _):
        try:
            with in_client(self.cast.client_id("indus")):
                details = {"full_name": CANARIES[next(self.turns) % 2]}
                told = {"actor": self.cast.actor("farah"), "at": self.now}
                register_subject(PERSON, client=self.cast.client("indus"), details=details, **told)
        except AlreadyErased:
            return 409
        return 200

    def reveal_by_service(self, _):
        with in_client(self.cast.client_id("indus")):
            person = Subject.objects.filter(external_id=PERSON).first()
            if person is None:
                return 404
            try:
                reveal_fields(person, actor=self.cast.actor("amina"), reason="support_case", at=self.now)
            except AlreadyErased:
                return 409
        return 200


def wait_for(condition):
    for _ in range(2400):
        if condition():
            return
        Event().wait(0.05)
    pytest.fail("the writers did not come so far in 120 s")


@pytest.fixture
def logged():
    [own] = [one for one in logging.getLogger().handlers if one.name == "console"]
    here, root = logging.StreamHandler(io.StringIO()), logging.getLogger()
    here.setFormatter(own.formatter)
    here.filters, level = own.filters, root.level
    root.addHandler(here)
    root.setLevel(logging.DEBUG)
    yield here.stream
    root.setLevel(level)
    root.removeHandler(here)


def test_ten_concurrent_writers_cannot_undo_an_erasure(committed, now, logged):
    writers = Writers(committed, now)
    assert Caller(committed.key("indus")).put(f"/api/v1/subjects/{PERSON}", FULL).status_code == 201
    person = committed.get(Subject, external_id=PERSON)
    with ThreadPoolExecutor(10) as pool:
        at_work = [pool.submit(writers.work, number) for number in range(10)]
        try:
            wait_for(lambda: len(writers.statuses) > 100 or any(one.done() for one in at_work))
            before = plain_dump()
            with in_client(committed.client_id("indus")):
                erase_subject(person, actor=committed.actor("amina"), reason="subject_request", at=now)
            seen = len(writers.statuses)
            wait_for(lambda: len(writers.statuses) > seen + 100 or any(one.done() for one in at_work))
        finally:
            writers.stopped.set()
    assert [one.result() for one in at_work] == [None] * 10, "no writer met a defect"
    assert {status for status in writers.statuses if status >= 500} == set()
    assert set(writers.statuses[-40:]) <= GONE

    after, log = plain_dump(), logged.getvalue().lower().encode()
    assert PERSON.encode() in before, "the dump does see the person"
    assert PERSON.encode() not in after
    assert b"/api/v1/subjects/<str:external_id>" in log, "the log does speak of them"
    assert PERSON.encode() not in log
    for text, canary in itertools.product((before, after, log), CANARIES):
        assert not [form for form in forms(canary) if form.lower() in text], canary
    nobody_is_back(committed, person)
    nothing_opens(committed, person)


def nobody_is_back(cast, person):
    assert cast.get(Subject, id=person.id).erased_at is not None
    assert not cast.has(SubjectKey, subject_id=person.id)
    assert not cast.has(Subject, external_id=PERSON)


def nothing_opens(cast, person):
    """Try every key that is left, on every ciphertext of the person: in the row, its history and the evidence."""
    left, keys = sealed_values_in(person.id)
    assert keys == []
    with enter(SUPERUSER) as connection:
        others = rows(connection, "SELECT client_id, subject_id, wrapped, epoch FROM people_subjectkey")
        [versions] = rows(
            connection,
            "SELECT count(full_name), count(email), count(phone), count(birth_date) FROM people_historicalsubject"
            " WHERE id = %s",
            [person.id],
        )
        [(entries,)] = rows(connection, "SELECT count(openings) FROM audit_entry WHERE subject_id = %s", [person.id])
    assert min(versions) >= 2, "history keeps the ciphertext of each version"
    assert entries >= 1, "evidence keeps its ciphertext"
    assert len(left) >= sum(versions) + entries
    opened = [
        keyring().unwrap(bytes(wrapped), epoch=epoch, binding=client.bytes + subject.bytes)
        for client, subject, wrapped, epoch in others
    ]
    index_keys = [keyring().index_key(binding) for binding in (cast.client_id("indus").bytes, b"erasure-list")]
    owner = cast.client_id("indus").bytes + person.id.bytes
    places = [owner + f"people_subject.{field}".encode() for field in PERSONAL]
    places.append(owner + b"audit_entry.openings")
    assert len(opened) >= 6
    for key in [*opened, *index_keys]:
        assert not any(opens(blob, key, place) for blob in left for place in places)


def test_the_search_for_keys_finds_a_working_key(committed, now):
    with in_client(committed.client_id("indus")):
        danish = committed.subject("danish")
    [blob, *_], [(wrapped, epoch)] = sealed_values_in(danish.id)
    owner = danish.client_id.bytes + danish.id.bytes
    key = keyring().unwrap(bytes(wrapped), epoch=epoch, binding=owner)
    assert any(opens(blob, key, owner + f"people_subject.{field}".encode()) for field in PERSONAL)
    assert not opens(blob, AESGCM.generate_key(256), owner + b"people_subject.full_name")
