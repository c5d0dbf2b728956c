"""`manage.py import_roster`: exit status, standard error, report, and no partial import."""

import hashlib
import io
import json
import re

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper

from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.rosters.importing.people import PeopleChangedMeanwhile
from paktaleem.directory.schools.rosters.importing.service import ImportRunning
from paktaleem.directory.schools.rosters.management.commands import import_roster as command
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.rosters import clean_network, odd_network, school


class Terminal(io.StringIO):
    """Standard error on a terminal."""

    def isatty(self):
        return True


def run(path, *, client="indus", stderr=None, **terms):
    out, err = io.StringIO(), stderr or io.StringIO()
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
    assert len(err.splitlines()) == 1
    assert summary == "1 problem; nothing was imported."
    assert held(committed) == before


def test_a_package_that_does_not_open_exits_with_2(committed, tmp_path):
    package = clean_network()
    package.row("users.csv", "danish")["role"] = "pupil"
    status, _, err, summary = run(package.write(tmp_path / "roster.zip"))
    assert status == 2
    assert err.startswith("users.csv row 5, column role: ")
    assert "\n" not in summary


@pytest.mark.parametrize(("name", "client"), [("absent.zip", "indus"), ("roster.zip", "nobody")])
def test_an_unknown_file_or_client_exits_with_2(committed, tmp_path, name, client):
    clean_network().write(tmp_path / "roster.zip")
    status, _, _, summary = run(tmp_path / name, client=client)
    assert status == 2
    assert "nothing was imported" in summary


def test_a_spreadsheet_is_detected_by_its_content(committed, tmp_path):
    path = tmp_path / "people.txt"
    path.write_text(
        "ID;Role;Full name;Birth date;Guardian 1 name;Guardian 1 email\n"
        "s-1;student;Danish Khan;2017-03-14;Esra Khan;esra@mail.example\n"
        "s-2;student;Hina Khan;2014-03-14;Esra Khan;esra@mail.example\n"
    )
    status, out, _, _ = run(path)
    assert status == 0
    assert re.search(r"^guardian +1 +0 +0 +0$", out, re.MULTILINE)
    assert re.search(r"^guardian relations +2 +0 +0 +0$", out, re.MULTILINE)
    with in_client(committed.client_id("indus")):
        [guardian] = Subject.objects.filter(external_id__startswith="guardian-").values_list("external_id", flat=True)
    assert "esra" not in str(guardian)
    path.write_text("name\nDanish\n")
    status, _, err, _ = run(path)
    assert status == 2
    assert err.startswith("people.csv row 1: ")


def test_trial_and_import_of_a_file_are_recorded_in_the_ledger(committed, tmp_path):
    path = clean_network().write(tmp_path / "roster.zip")
    run(path, dry_run=True)
    run(path)
    with in_client(committed.client_id("indus")):
        bodies = [json.loads(entry.body) for entry in Entry.objects.filter(kind__startswith="roster.").order_by("id")]
    assert [body["kind"] for body in bodies] == ["roster.checked", "roster.imported"]
    assert {body["facts"]["sha256"] for body in bodies} == {hashlib.sha256(path.read_bytes()).hexdigest()}
    assert bodies[0]["facts"]["counts"] == bodies[1]["facts"]["counts"]


def test_an_interrupted_import_writes_nothing(committed, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    before = held(committed)
    monkeypatch.setattr(command.ProgressLine, "__call__", interrupted)
    status, _, _, summary = run(clean_network().write(tmp_path / "roster.zip"))
    assert (status, summary) == (130, "Interrupted; nothing was imported.")
    assert held(committed) == before


@pytest.mark.parametrize("refusal", [ImportRunning, PeopleChangedMeanwhile])
def test_a_temporary_obstacle_exits_with_1(committed, tmp_path, monkeypatch, refusal):
    def refuse(*_, **__):
        raise refusal

    monkeypatch.setattr(command, "import_roster", refuse)
    status, _, _, summary = run(clean_network().write(tmp_path / "roster.zip"))
    assert status == 1
    assert "nothing was imported" in summary


def test_a_terminal_shows_one_updating_line(committed, tmp_path):
    _, _, err, _ = run(clean_network().write(tmp_path / "roster.zip"), stderr=Terminal())
    assert "4 of 4 people" in err
    assert "\n" not in err


def test_without_a_terminal_progress_is_a_line_every_ten_thousand():
    err = io.StringIO()
    line = command.ProgressLine(OutputWrapper(err))
    for done in range(2_000, 26_000, 2_000):
        line("people", done, 26_000)
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
