"""Uploaded rosters: sealed, tried first, shown with their progress, imported as shown, deleted after a day."""

import io
import json
import re
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connections
from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.directory.schools.management.commands import import_roster as command
from paktaleem.directory.schools.models import RosterChunk, RosterImport
from paktaleem.directory.schools.rosters.importing import service, uploads
from paktaleem.directory.schools.rosters.importing.people import PeopleChangedMeanwhile
from paktaleem.directory.schools.rosters.importing.service import ImportRunning
from paktaleem.directory.schools.rosters.importing.uploads import (
    check_again,
    confirm_import,
    discard_roster,
    import_anyway,
    purge_expired_rosters,
    run_roster_step,
    shown_details,
    upload_roster,
)
from paktaleem.directory.schools.rosters.tasks import run_roster_step_job
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.upkeep.runs.services import find_step, report_step
from tests.console.pages import row_url
from tests.console.test_home import PAGE, state_of
from tests.rosters import clean_network, odd_network, school
from tests.signing_in import browser_of

LATER = timedelta(hours=1)
TWO = b"ID,Role,Full name\ns-1,student,Danish Khan\nt-1,teacher,Farhan Iqbal\n"
CLOSING = b"ID,Role,Full name,Account\nlms-junaid,teacher,Junaid Mirza,closed\n"


@pytest.fixture
def farah(cast):
    return cast.actor("farah")


@pytest.fixture
def upload(indus, farah, now):
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
    assert (fact["facts"]["counts"], fact["facts"]["sha256"]) == (row.counts, bytes(row.sha256).hex())
    assert "s-1" not in json.dumps([row.counts, fact])


def test_an_import_writes_what_was_shown_and_records_who(upload, farah, now):
    row = confirm_import(upload(), actor=farah, at=now + LATER)
    assert (row.state, row.confirmed_by, row.finished_at) == ("done", farah.id, now + LATER)
    history = Subject.objects.get(external_id="s-1").history.get()
    assert (history.actor_id, history.actor_role) == (farah.id, "client_admin")
    assert history.history_change_reason == "roster_import"
    assert (len(recorded("roster.imported")), parts(row)) == (1, [])
    with pytest.raises(Refused):
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
    assert (problem[:3], len(recorded("roster.refused"))) == (["people.csv", 3, "Role"], 1)
    with pytest.raises(Refused):
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
    with pytest.raises(Refused):
        confirm_import(row, actor=farah, at=now)
    row = import_anyway(row, actor=farah, at=now)
    assert row.state == "done"
    assert not Subject.objects.get(external_id="lms-junaid").is_enabled
    with pytest.raises(Refused):
        import_anyway(upload(), actor=farah, at=now)


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
    waiting, done = upload(), import_anyway(upload(CLOSING), actor=farah, at=now)
    assert purge_expired_rosters(indus.pk, at=now + timedelta(hours=23)) == 0
    assert purge_expired_rosters(indus.pk, at=now + timedelta(hours=24)) == 2
    for row, state in ((waiting, "expired"), (done, "done")):
        row.refresh_from_db()
        assert (row.state, row.details, row.wrapped, parts(row)) == (state, None, None, [])
        assert row.counts["tallies"]
        assert shown_details(row) == {}
    with pytest.raises(Refused):
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


def test_what_is_read_is_seen_before_the_step_commits(committed, settings, monkeypatch, tmp_path):
    settings.ROSTER_AT_ONCE_LIMIT = 10
    monkeypatch.setattr(service, "CHUNK", 1)
    farah, client_id = committed.actor("farah"), committed.client_id("indus")
    browser = browser_of(committed.user("farah"))
    content = clean_network().write(tmp_path / "roster.zip").read_bytes()
    with in_client(client_id):
        by = {"actor": farah, "at": wall_clock_now()}
        row = upload_roster(content, client=committed.client("indus"), everybody=False, **by)
    url, seen = row_url("schools/rosterimport", row.pk), list[Any]()

    def look():
        seen.append((state_of(browser, url), state_of(browser, PAGE)))
        connections.close_all()

    def report_and_look(*given, **counts):
        report_step(*given, **counts)
        outside = Thread(target=look)  # another connection, which sees what is committed
        outside.start()
        outside.join()

    monkeypatch.setattr(uploads, "report_step", report_and_look)
    assert "not known yet" in state_of(browser, url)[0]
    for expected in ("ready", "done"):
        seen.clear()
        run_roster_step_job(str(client_id), str(row.pk))
        total = len(seen) - 1  # a first look at nothing, then one for each person or relation
        assert total > 2
        assert seen == [([f"{done} of {total} done.", "refreshes"],) * 2 for done in range(total + 1)]
        with in_client(client_id):
            row = RosterImport.objects.get(pk=row.pk)
            assert (row.state, find_step(row.pk)) == (expected, None)
            if expected == "ready":
                row = confirm_import(row, actor=farah, at=wall_clock_now())


def run(path, *, client="indus", **terms):
    out, err = io.StringIO(), io.StringIO()
    status, summary = 0, ""
    try:
        call_command("import_roster", str(path), client=client, stdout=out, stderr=err, **terms)
    except CommandError as error:
        status, summary = error.returncode, str(error)
    return status, out.getvalue(), err.getvalue(), summary


def held(cast):
    with in_client(cast.client_id("indus")):
        return Subject.objects.count(), Entry.objects.count()


def test_the_command_reports_what_it_did(committed, tmp_path):
    status, out, err, _ = run(odd_network().write(tmp_path / "roster.zip"))
    assert status == 0
    assert re.search(r"^student +5 +0 +0 +0$", out, re.MULTILINE)
    assert re.search(r"^guardian relations +5 +0 +0 +0$", out, re.MULTILINE)
    assert "birth_date_missing: 1\n    users.csv row 11: " in out
    assert err == ""
    again, out, _, _ = run(tmp_path / "roster.zip")
    assert again == 0
    assert re.search(r"^student +0 +0 +5 +0$", out, re.MULTILINE)


def test_a_bad_row_exits_with_2_and_its_place(committed, tmp_path):
    before = held(committed)
    package = clean_network()
    package.born("farhan", "2099-01-01")
    status, out, err, summary = run(package.write(tmp_path / "roster.zip"))
    assert (status, out) == (2, "")
    assert err.startswith("demographics.csv row 3, column birthDate: ")
    assert (len(err.splitlines()), summary) == (1, "1 problem; nothing was imported.")
    assert held(committed) == before


@pytest.mark.parametrize(("name", "client"), [("absent.zip", "indus"), ("roster.zip", "nobody")])
def test_an_unknown_file_or_client_exits_with_2(committed, tmp_path, name, client):
    clean_network().write(tmp_path / "roster.zip")
    status, _, _, summary = run(tmp_path / name, client=client)
    assert status == 2
    assert "nothing was imported" in summary


@pytest.mark.parametrize("refusal", [ImportRunning, PeopleChangedMeanwhile])
def test_a_temporary_obstacle_exits_with_1(committed, tmp_path, monkeypatch, refusal):
    def refuse(*_, **__):
        raise refusal

    monkeypatch.setattr(command, "import_roster", refuse)
    status, _, _, summary = run(clean_network().write(tmp_path / "roster.zip"))
    assert status == 1
    assert "nothing was imported" in summary


def test_progress_is_a_line_every_ten_thousand():
    err = io.StringIO()
    for done in range(2_000, 26_000, 2_000):
        command.Command(stderr=err)._report_progress("people", done, 26_000)
    assert err.getvalue() == "10,000 of 26,000 people\n20,000 of 26,000 people\n"


def test_too_many_deactivations_stop_an_import_until_they_are_confirmed(committed, tmp_path):
    run(school(30).write(tmp_path / "whole.zip"))
    before = held(committed)
    part = school(20).write(tmp_path / "part.zip")
    status, out, _, summary = run(part, everybody=True)
    assert status == 2
    assert "active people would be deactivated" in summary
    assert "--let-many-vanish" in summary
    assert held(committed) == before
    tried, shown, _, _ = run(part, everybody=True, dry_run=True)
    assert (tried, shown.splitlines()[2:]) == (0, out.splitlines()[2:])
    people, entries = before
    assert held(committed) == (people, entries + 1)  # that it was tried
    done, out, _, _ = run(part, everybody=True, let_many_vanish=True)
    assert done == 0
    assert re.search(r"^student +0 +0 +20 +10$", out, re.MULTILINE)


def test_siblings_share_a_guardian_despite_two_spellings_of_the_number(committed, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(
        "ID;Role;Full name;Birth date;Guardian 1 name;Guardian 1 phone\n"
        "s-1;student;Danish Khan;2017-03-14;Esra Khan;0300 1234567\n"
        "s-2;student;Hina Khan;2014-03-14;Esra Khan;+92 300-1234567\n"
    )
    status, out, _, _ = run(path)
    assert status == 0
    assert re.search(r"^guardian +1 +0 +0 +0$", out, re.MULTILINE)
