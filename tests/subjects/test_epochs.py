"""Wrapping keys: new epochs are used at once, keys are rewrapped during operation, old epochs are destroyed later."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections

from paktaleem.directory.people.key_epochs import services as epochs_module
from paktaleem.directory.people.key_epochs.services import (
    EpochNeeded,
    add_epoch,
    destroy_epoch,
    keys_by_epoch,
    record_emptied_epochs,
    rewrap_keys,
)
from paktaleem.directory.people.models import Subject, SubjectKey
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.keyring import (
    EpochInUse,
    EpochUnknown,
    KeyringNotAFile,
    LocalKeyring,
    change_keyring_file,
    keyring,
    new_keyring_text,
    with_new_epoch,
    without_epoch,
)
from paktaleem.foundation.encryption.sealing import CannotOpen, Sealer
from paktaleem.foundation.encryption.wrapped_secrets import list_wrapped_kinds
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.requests.services.intake import receive_request
from tests.conftest import KEYRING
from tests.factories import SETTING_UP
from tests.project.rows import stopped_roster

TASK = system_actor("test")
DAY = timedelta(days=1)
LATER = datetime(2026, 10, 1, 9, tzinfo=UTC)


@pytest.fixture
def keyring_file(tmp_path, monkeypatch):
    path = tmp_path / "keys.json"
    path.write_text(KEYRING)
    path.chmod(0o600)
    monkeypatch.setattr(settings, "KEYRING", "")
    monkeypatch.setattr(settings, "KEYRING_FILE", str(path))
    return path


def run(name, *args):
    out = StringIO()
    call_command(name, *args, stdout=out, stderr=StringIO())
    return out.getvalue()


def new_epoch(now):
    with in_client(PAKTALEEM):
        return add_epoch(actor=TASK, at=now)


@contextmanager
def indus_of(cast):
    with in_client(cast.client_id("indus")):
        yield cast.client("indus")


def test_a_new_epoch_is_written_privately_recorded_and_used_without_a_restart(cast, keyring_file, now):
    before = keyring()
    assert (new_epoch(now), stat.S_IMODE(keyring_file.stat().st_mode)) == (2, 0o600)
    assert keyring() is not before
    assert (keyring().current_epoch, keyring().epochs) == (2, frozenset({1, 2}))
    with indus_of(cast) as indus:
        person, _ = register_subject("new-1", client=indus, details={"role": "student"}, actor=TASK, at=now)
        assert SubjectKey.objects.get(subject_id=person.id).epoch == 2
        assert sealer_of(cast.subject("danish")), "keys of the old epoch still open"
    with in_client(PAKTALEEM):
        entry = Entry.objects.get(kind="key_epoch.added")
    assert (json.loads(entry.body)["facts"], entry.recorded_at) == ({"current": 2, "epochs": [1, 2]}, now)
    for secret in json.loads(keyring_file.read_text())["epochs"].values():
        assert secret not in entry.body


def test_an_epoch_is_prepared_on_several_hosts_before_it_is_used(cast, keyring_file):
    assert "still the current" in run("new_key_epoch", "--prepare")
    assert (keyring().current_epoch, keyring().epochs) == (1, frozenset({1, 2}))
    prepared = json.loads(keyring_file.read_text())["epochs"]["2"]
    assert "Epoch 2 is current" in run("new_key_epoch")
    assert (keyring().epochs, json.loads(keyring_file.read_text())["epochs"]["2"]) == (frozenset({1, 2}), prepared)


def test_a_keyring_in_the_environment_cannot_be_changed(cast, now, monkeypatch):
    with pytest.raises(KeyringNotAFile):
        new_epoch(now)
    with pytest.raises(CommandError, match="PAKTALEEM_KEYS_FILE"):
        run("new_key_epoch")


def test_an_invalid_change_leaves_the_keyring_file_unchanged(keyring_file):
    with pytest.raises(Exception, match="not valid"):
        change_keyring_file(lambda _: "{}")
    assert (keyring_file.read_text(), list(keyring_file.parent.iterdir())) == (KEYRING, [keyring_file])


def test_only_epochs_older_than_the_current_can_be_removed():
    two = with_new_epoch(new_keyring_text())
    prepared = with_new_epoch(two, becomes_current=False)
    assert LocalKeyring(without_epoch(prepared, 1)).epochs == {2, 3}
    for epoch, refusal in ((2, EpochInUse), (3, EpochInUse), (4, EpochUnknown)):
        with pytest.raises(refusal):
            without_epoch(prepared, epoch)


def test_every_clients_keys_are_rewrapped_and_still_decrypt(cast, keyring_file, now):
    before = keys_by_epoch()
    assert set(before) == {1}
    new_epoch(now)
    said = run("rewrap_keys", "--batch", "2")
    assert keys_by_epoch() == {2: before[1]}
    assert f"{before[1]} keys rewrapped under epoch 2" in said
    assert "Epoch 1 is no longer used by any key" in said
    with indus_of(cast):
        danish = cast.subject("danish")
        assert sealer_of(danish).open(danish.full_name, column="people_subject.full_name") == "Danish Qureshi"
        wrapped = dict(SubjectKey.objects.values_list("id", "wrapped"))
    assert "0 keys rewrapped" in run("rewrap_keys"), "a second run changes nothing"
    with indus_of(cast):
        assert dict(SubjectKey.objects.values_list("id", "wrapped")) == wrapped


@pytest.mark.parametrize("kind", ["schools.rosterimport", "requests.rightsrequest"])
def test_keys_of_single_rows_are_counted_and_rewrapped_too(cast, keyring_file, now, kind):
    [declared] = [one for one in list_wrapped_kinds() if one.name == kind]
    with indus_of(cast) as client:
        row = ROWS[kind](cast)
        assert declared.counted(client.pk) == {1: 1}
        kept = sealer_of_row(row).seal("kept", column="a.b")
    new_epoch(now)
    with indus_of(cast) as client:
        assert declared.rewrap(client.pk) == {1}
        assert declared.counted(client.pk) == {2: 1}
        row.refresh_from_db()
        assert sealer_of_row(row).open(kept, column="a.b") == "kept"
        assert declared.rewrap(client.pk) == frozenset()


def sealer_of_row(row):
    return Sealer.unwrapped(row.client_id, row.pk, wrapped=bytes(row.wrapped), epoch=row.epoch)


def a_concern(cast):
    words: dict[str, Any] = {"details": "Worried.", "channel": "form", "language": "en"}
    return receive_request(cast.client("indus"), kinds=["child_concern"], **words, actor=SETTING_UP, at=LATER)


ROWS = {"schools.rosterimport": stopped_roster, "requests.rightsrequest": a_concern}


def test_an_interrupted_run_is_continued(cast, keyring_file, now, monkeypatch):
    new_epoch(now)
    real, calls = epochs_module._replace, []

    def interrupt_second(*args):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(epochs_module, "_replace", interrupt_second)
    with pytest.raises(CommandError, match="after 2 keys") as caught:
        run("rewrap_keys", "--batch", "2")
    assert (caught.value.returncode, keys_by_epoch()[2]) == (130, 2)
    monkeypatch.undo()
    monkeypatch.setattr(settings, "KEYRING", "")
    monkeypatch.setattr(settings, "KEYRING_FILE", str(keyring_file))
    run("rewrap_keys", "--batch", "2")
    assert set(keys_by_epoch()) == {2}


def test_a_key_changed_since_it_was_read_is_not_rewrapped(cast, keyring_file, now, monkeypatch):
    new_epoch(now)
    real = epochs_module._replace

    def meanwhile(client_id, fresh):
        SubjectKey.objects.filter(subject_id=cast.subject_id("danish")).delete()
        SubjectKey.objects.filter(subject_id=cast.subject_id("hamza")).update(wrapped=b"changed")
        return real(client_id, fresh)

    monkeypatch.setattr(epochs_module, "_replace", meanwhile)
    with indus_of(cast):
        part = rewrap_keys(cast.client_id("indus"))
        assert part.changed == SubjectKey.objects.count() - 1
        assert not SubjectKey.objects.filter(subject_id=cast.subject_id("danish")).exists()
        assert bytes(SubjectKey.objects.get(subject_id=cast.subject_id("hamza")).wrapped) == b"changed"


def test_a_key_that_cannot_be_unwrapped_is_reported_and_kept(cast, keyring_file, now):
    with indus_of(cast):
        SubjectKey.objects.filter(subject_id=cast.subject_id("hamza")).update(wrapped=b"x" * 60)
    new_epoch(now)
    with pytest.raises(CommandError, match="1 keys cannot be opened") as caught:
        run("rewrap_keys")
    assert str(cast.subject_id("hamza")) in str(caught.value)
    assert keys_by_epoch()[1] == 1


def test_an_old_epoch_is_destroyed_after_the_retention_of_backups(cast, keyring_file, now):
    new_epoch(now - DAY)
    for client in ("indus", "khyber", "paktaleem"):
        with in_client(cast.client_id(client)):
            rewrap_keys(cast.client_id(client))
    assert record_emptied_epochs(actor=TASK, at=now) == [1]
    with pytest.raises(EpochNeeded, match=f"{now + 35 * DAY:%Y-%m-%d %H:%M} UTC"):
        destroy_epoch(1, actor=TASK, at=now + 35 * DAY - timedelta(seconds=1))
    assert keyring().epochs == {1, 2}
    with indus_of(cast):
        key = SubjectKey.objects.get(subject_id=cast.subject_id("danish"))
    destroy_epoch(1, actor=TASK, at=now + 35 * DAY)
    assert keyring().epochs == {2}
    assert "dGVzdHMtd3JhcHBpbmct" not in keyring_file.read_text()
    with in_client(PAKTALEEM):
        assert json.loads(Entry.objects.get(kind="key_epoch.destroyed").body)["facts"] == {"epoch": 1}
    old = LocalKeyring(KEYRING).wrap(b"k" * 32, binding=key.client_id.bytes + key.subject_id.bytes)[1]
    with pytest.raises(CannotOpen):
        Sealer.unwrapped(key.client_id, key.subject_id, wrapped=old, epoch=1)


def test_an_epoch_in_use_is_not_destroyed(cast, keyring_file, now):
    new_epoch(now)
    with pytest.raises(EpochNeeded):
        destroy_epoch(1, actor=TASK, at=now + 400 * DAY)
    with pytest.raises(CommandError, match="would be erased") as caught:
        run("destroy_key_epoch", "1")
    assert (caught.value.returncode, keyring().epochs) == (2, frozenset({1, 2}))


@pytest.mark.parametrize(("epoch", "why"), [("1", "kept 35 days"), ("2", "Run new_key_epoch"), ("9", "no epoch 9")])
def test_an_epoch_that_backups_need_the_current_and_an_unknown_one_are_refused(cast, keyring_file, now, epoch, why):
    new_epoch(now - DAY)
    run("rewrap_keys")
    with pytest.raises(CommandError, match=why):
        run("destroy_key_epoch", epoch)
    with in_client(PAKTALEEM):
        assert not Entry.objects.filter(kind="key_epoch.destroyed").exists()


def test_an_epoch_without_a_recorded_end_is_refused(cast, keyring_file, now):
    keyring_file.write_text(with_new_epoch(with_new_epoch(KEYRING)))
    for client in ("indus", "khyber"):
        with in_client(cast.client_id(client)):
            rewrap_keys(cast.client_id(client))
    with pytest.raises(CommandError, match="Run rewrap_keys"):
        run("destroy_key_epoch", "1")


def test_keys_found_later_restart_the_retention_of_backups(cast, keyring_file, now):
    new_epoch(now - DAY)
    run("rewrap_keys")
    with indus_of(cast):
        danish = cast.subject_id("danish")
        epoch, wrapped = LocalKeyring(KEYRING).wrap(b"k" * 32, binding=cast.client_id("indus").bytes + danish.bytes)
        SubjectKey.objects.filter(subject_id=danish).update(epoch=epoch, wrapped=wrapped)
        moved = rewrap_keys(cast.client_id("indus")).epochs
    assert record_emptied_epochs(moved=moved, actor=TASK, at=now + 90 * DAY) == [1]
    with pytest.raises(EpochNeeded):
        destroy_epoch(1, actor=TASK, at=now + 100 * DAY)


def busy(cast, number, made, gone, now):
    try:
        for turn in range(12):
            details = {"role": "student", "full_name": f"Busy {number} {turn}"}
            with indus_of(cast) as indus:
                person, _ = register_subject(f"busy-{number}-{turn}", client=indus, details=details, actor=TASK, at=now)
            made.append(person)
            if turn % 3 == 0:
                with indus_of(cast):
                    erase_subject(person, actor=cast.actor("amina"), reason="subject_request", at=now)
                gone.append(person)
    finally:
        connections.close_all()


def test_people_are_registered_and_erased_during_a_rewrap(committed, keyring_file, now):
    made: list[Subject] = []
    gone: list[Subject] = []
    new_epoch(now)
    with ThreadPoolExecutor(3) as pool:
        workers = [pool.submit(busy, committed, number, made, gone, now) for number in range(3)]
        while not all(worker.done() for worker in workers):
            with indus_of(committed):
                rewrap_keys(committed.client_id("indus"), limit=3)
    assert [worker.result() for worker in workers] == [None] * 3
    run("rewrap_keys")
    assert (len(made), len(gone), set(keys_by_epoch())) == (36, 12, {2})
    with indus_of(committed):
        kept = [person for person in made if person not in gone]
        assert not SubjectKey.objects.filter(subject__in=gone).exists()
        for person in kept:
            assert sealer_of(person).open(person.full_name, column="people_subject.full_name").startswith("Busy")
