"""Uploaded rosters: sealed, tried first, imported as shown, deleted after a day."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.directory.schools.rosters.importing import uploads
from paktaleem.directory.schools.rosters.importing.uploads import (
    WrongRosterState,
    check_again,
    confirm_import,
    discard_roster,
    purge_expired_rosters,
    run_roster_step,
    shown_details,
    upload_roster,
)
from paktaleem.directory.schools.rosters.models import RosterChunk, RosterImport
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_global
from tests.rosters import clean_network

LATER = timedelta(hours=1)
TWO = b"ID,Role,Full name\ns-1,student,Danish Khan\nt-1,teacher,Farhan Iqbal\n"
CLOSING = b"ID,Role,Full name,Account\nlms-junaid,teacher,Junaid Mirza,closed\n"


@pytest.fixture
def farah(cast):
    return cast.actor("farah")


@pytest.fixture
def upload(indus, farah, now):
    """Upload bytes as Farah."""

    def upload(content=TWO, *, everybody=False, actor=farah):
        return upload_roster(content, client=indus, everybody=everybody, actor=actor, at=now)

    return upload


def recorded(kind):
    return [json.loads(entry.body) for entry in Entry.objects.filter(kind=kind)]


def parts(row):
    return [bytes(part.sealed.ciphertext) for part in RosterChunk.objects.filter(roster=row).order_by("number")]


def test_a_trial_shows_what_would_change_and_changes_nothing(upload):
    before = Subject.objects.count()
    row = upload()
    assert (row.state, row.kind, Subject.objects.count()) == ("ready", "CSV", before)
    assert row.counts["tallies"]["student"] == [1, 0, 0, 0]
    assert shown_details(row)["examples"] == {"add": ["s-1", "t-1"]}
    [fact] = recorded("roster.checked")
    assert fact["facts"]["counts"] == row.counts
    assert fact["facts"]["sha256"] == bytes(row.sha256).hex()
    assert "s-1" not in json.dumps([row.counts, fact])


def test_an_import_writes_what_was_shown_and_records_who(upload, farah, now):
    row = confirm_import(upload(), actor=farah, at=now + LATER)
    assert (row.state, row.confirmed_by, row.finished_at) == ("done", farah.id, now + LATER)
    history = Subject.objects.get(external_id="s-1").history.get()
    assert (history.actor_id, history.actor_role, history.history_change_reason) == (
        farah.id,
        "client_admin",
        "roster_import",
    )
    assert len(recorded("roster.imported")) == 1
    assert parts(row) == []
    with pytest.raises(WrongRosterState):
        confirm_import(row, actor=farah, at=now + LATER)


def test_the_file_is_encrypted_in_the_database(upload, monkeypatch):
    monkeypatch.setattr(uploads, "PART", 20)
    row = upload()
    found = parts(row)
    assert len(found) == -(-len(TWO) // 20)
    assert not [part for part in found if b"Danish" in part or b"student" in part]
    assert b"s-1" not in row.details.ciphertext
    assert uploads._open_content(row).getvalue() == TWO


@pytest.mark.parametrize("harm", ["swap", "drop"])
def test_parts_that_are_swapped_or_missing_are_not_imported(upload, farah, now, monkeypatch, harm):
    monkeypatch.setattr(uploads, "PART", 20)
    row = upload()
    first, second = RosterChunk.objects.filter(roster=row).order_by("number")[:2]
    first.delete()
    if harm == "swap":
        RosterChunk(client=row.client, roster=row, number=0, sealed=second.sealed).save(force_insert=True)
    row = confirm_import(row, actor=farah, at=now)
    assert (row.state, row.failure) == ("changed", "unreadable")
    assert not Subject.objects.filter(external_id="s-1").exists()


def test_a_file_with_problems_is_refused_and_deleted(upload, farah, now):
    row = upload(TWO.replace(b"teacher", b"pupil"))
    assert (row.state, parts(row)) == ("refused", [])
    [problem] = shown_details(row)["problems"]
    assert problem[:3] == ["people.csv", 3, "Role"]
    assert len(recorded("roster.refused")) == 1
    with pytest.raises(WrongRosterState):
        confirm_import(row, actor=farah, at=now)


def test_if_people_changed_the_file_must_be_checked_again(upload, indus, farah, now):
    row = upload()
    register_subject("s-1", client=indus, details={"role": "student", "full_name": "D"}, actor=farah, at=now)
    row = confirm_import(row, actor=farah, at=now)
    assert (row.state, row.failure) == ("changed", "changed")
    assert not Subject.objects.filter(external_id="t-1").exists()
    row = check_again(row, actor=farah, at=now)
    assert row.counts["tallies"]["student"] == [0, 1, 0, 0]
    assert confirm_import(row, actor=farah, at=now).state == "done"


def test_too_many_deactivations_stop_an_import_until_an_authorised_user_confirms(upload, farah, now):
    row = upload(CLOSING)
    assert (row.state, row.counts["losses"]["people"][0]) == ("stopped", 1)
    with pytest.raises(WrongRosterState):
        confirm_import(row, actor=farah, at=now)
    row = confirm_import(row, allow_bulk_deactivation=True, actor=farah, at=now)
    assert row.state == "done"
    assert not Subject.objects.get(external_id="lms-junaid").is_enabled


def test_an_import_that_was_not_stopped_needs_no_confirmation(upload, farah, now):
    with pytest.raises(WrongRosterState):
        confirm_import(upload(), allow_bulk_deactivation=True, actor=farah, at=now)


def test_a_large_file_is_processed_by_the_worker(upload, indus, farah, now, settings):
    settings.ROSTER_AT_ONCE_LIMIT = 10
    row = upload()
    assert row.state == "checking"
    with in_global():
        jobs = ProcrastinateJob.objects.filter(task_name=uploads.RUN_ROSTER_STEP)
        assert [job.args for job in jobs] == [{"client": str(indus.id), "roster": str(row.id)}]
    for _ in range(2):
        run_roster_step(row.id, client=indus, at=now)
    row.refresh_from_db()
    assert (row.state, len(recorded("roster.checked"))) == ("ready", 1)
    row = confirm_import(row, actor=farah, at=now)
    assert (row.state, Subject.objects.filter(external_id="s-1").count()) == ("applying", 0)
    for _ in range(2):
        run_roster_step(row.id, client=indus, at=now)
    row.refresh_from_db()
    assert (row.state, Subject.objects.filter(external_id="s-1").count()) == ("done", 1)


def test_a_oneroster_package_is_detected_by_its_content(upload, farah, now, tmp_path):
    row = upload(clean_network().as_version_1_2().write(tmp_path / "x").read_bytes())
    assert (row.kind, row.state) == ("OneRoster 1.2", "ready")
    assert confirm_import(row, actor=farah, at=now).counts["tallies"]["relations"] == [1, 0, 0, 0]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xd0\xcf\x11\xe0old", "an old or password-protected"),
        (b"PK\x03\x04nothing", "not a readable zip"),
        (b"\x89PNG\r\n\x1a\n", "not UTF-8"),
        (b"%PDF-1.7\n", "the column ID is missing"),
    ],
)
def test_other_files_are_refused(upload, content, code):
    row = upload(content)
    assert row.state == "refused"
    assert code in shown_details(row)["problems"][0][3]


def test_an_empty_or_too_large_file_is_refused(upload, settings):
    settings.ROSTER_UPLOAD_LIMIT = 10
    for content in (b"", b"x" * 11):
        with pytest.raises(ValidationError):
            upload(content)
    assert not RosterImport.objects.exists()


def test_after_a_day_only_the_counts_are_left(upload, indus, farah, now):
    waiting, done = upload(), confirm_import(upload(CLOSING), allow_bulk_deactivation=True, actor=farah, at=now)
    assert purge_expired_rosters(indus, at=now + timedelta(hours=23)) == 0
    assert purge_expired_rosters(indus, at=now + timedelta(hours=24)) == 2
    for row, state in ((waiting, "expired"), (done, "done")):
        row.refresh_from_db()
        assert (row.state, row.details, row.wrapped, parts(row)) == (state, None, None, [])
        assert row.counts["tallies"]
        assert shown_details(row) == {}
    with pytest.raises(WrongRosterState):
        confirm_import(waiting, actor=farah, at=now)


def test_a_discarded_file_is_deleted(upload, farah, now):
    row = discard_roster(upload(), actor=farah, at=now)
    assert (row.state, parts(row)) == ("discarded", [])
    assert len(recorded("roster.discarded")) == 1


@pytest.mark.parametrize("who", ["bilal", "sana", "celia"])
def test_other_roles_may_not_upload_or_import(upload, cast, now, who):
    with pytest.raises(NotAllowed):
        upload(actor=cast.actor(who))
    for act in (confirm_import, check_again, discard_roster):
        with pytest.raises(NotAllowed):
            act(upload(), actor=cast.actor(who), at=now)
