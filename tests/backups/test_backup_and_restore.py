"""A backup has every row or fails; a restore is complete and served after erasures are repeated; drills prove it."""

import json
import os
import stat
import subprocess
from contextlib import contextmanager
from io import StringIO

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client as Browser
from django.utils import timezone

from paktaleem.directory.people.erasures import ErasureState, erasure_state
from paktaleem.directory.people.models import SubjectKey
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import EntryChanged, check_entries
from paktaleem.foundation.embedded.layout import APP, BACKUP, OWNER, SUPERUSER
from paktaleem.foundation.embedded.roles import drop_database, ensure_database
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.backups.dumps import (
    BackupFailed,
    back_up,
    check_complete,
    count_dump,
    environment_of,
    find_program,
)
from tests.api.callers import Caller
from tests.database import leave_database, server_version, template_ready, use_database
from tests.serving import environment_of_server
from tests.tenancy.catalog import findings
from tests.tenancy.connections import enter


def url(role, name=None):
    return template_ready().url(role, name or str(connections.databases["default"]["NAME"]))


@pytest.fixture
def addresses(committed, monkeypatch):
    monkeypatch.setattr(settings, "DATABASE_BACKUP_URL", url(BACKUP))
    monkeypatch.setattr(settings, "DATABASE_OWNER_URL", url(OWNER))


@contextmanager
def new_database(name, monkeypatch):
    endpoint, before = template_ready(), str(connections.databases["default"]["NAME"])
    name = f"{before}_{name}"  # one per test worker
    ensure_database(endpoint, name)
    use_database(endpoint, name)
    monkeypatch.setattr(settings, "DATABASE_BACKUP_URL", url(BACKUP))
    monkeypatch.setattr(settings, "DATABASE_OWNER_URL", url(OWNER))
    try:
        yield
    finally:
        leave_database()
        use_database(endpoint, before)
        drop_database(endpoint, name)


def run(name, *args):
    out = StringIO()
    call_command(name, *map(str, args), stdout=out)
    return out.getvalue()


def refused(name, *args):
    with pytest.raises(CommandError) as caught:
        run(name, *args)
    assert caught.value.returncode == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


def counts():
    with psycopg.connect(url(SUPERUSER)) as door:
        ordinary = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        names = door.execute(ordinary).fetchall()  # of a partitioned table, its partitions
        return {name: door.execute(f'TABLE "{name}"').rowcount for (name,) in names}


def test_a_backup_is_whole_private_and_says_what_it_holds(committed, addresses, tmp_path):
    file, before = tmp_path / "portal.dump", counts()
    said = run("backup", file)
    assert count_dump(file, major=server_version()) == before
    with in_client(PAKTALEEM):
        recorded = json.loads(Entry.objects.get(kind="backup.made").body)
    assert recorded["facts"] == {"tables": len(before), "rows": sum(before.values())}
    assert "6 people" in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("role", [OWNER, APP])
def test_a_role_under_row_level_security_cannot_back_up(committed, addresses, tmp_path, monkeypatch, role):
    monkeypatch.setattr(settings, "DATABASE_BACKUP_URL", url(role))
    assert refused("backup", tmp_path / "portal.dump")
    assert list(tmp_path.iterdir()) == []


def test_a_dump_emptied_by_row_level_security_is_found(committed, addresses, tmp_path, monkeypatch):
    file = tmp_path / "empty.dump"
    program = str(find_program("pg_dump", major=server_version()))
    environment = environment_of(url(OWNER)) | {"PGOPTIONS": "-c paktaleem.client=00000000-0000-0000-0000-000000000000"}
    command = [program, "--format=custom", "--enable-row-security", "--exclude-table-data=people_erasurecarriedout"]
    subprocess.run([*command, f"--file={file}"], env=environment, check=True)
    found = count_dump(file, major=server_version())
    assert found["people_subject"] == 0
    with pytest.raises(BackupFailed, match=r"rows where it should have"):
        check_complete(counts(), found)
    with new_database("emptied", monkeypatch):
        assert "audit_entry is empty" in refused("restore", file)
        with psycopg.connect(url(OWNER)) as door:
            assert door.execute(
                "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            ).fetchone() == (0,)


def test_one_missing_row_is_found():
    whole = {"django_migrations": 3, "accounts_client": 2, "audit_entry": 9, "people_subject": 5}
    check_complete(whole, dict(whole))
    for broken in ({**whole, "people_subject": 4}, {**whole, "people_subject": 6}, {"django_migrations": 3}):
        with pytest.raises(BackupFailed):
            check_complete(whole, broken)
    for table in ("django_migrations", "accounts_client", "audit_entry"):
        with pytest.raises(BackupFailed, match="is empty"):
            check_complete({**whole, table: 0}, {**whole, table: 0})
    with pytest.raises(BackupFailed, match="no table django_migrations"):
        check_complete({}, {})


def test_an_earlier_backup_survives_a_failed_one(committed, addresses, tmp_path, monkeypatch):
    file = tmp_path / "portal.dump"
    run("backup", file)
    before = file.read_bytes()
    monkeypatch.setattr("paktaleem.foundation.upkeep.backups.dumps.count_dump", lambda *_, **__: {})
    assert "The backup failed" in refused("backup", file)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_concurrent_writers_do_not_change_the_count(committed, addresses, tmp_path, monkeypatch):
    from paktaleem.foundation.upkeep.backups import dumps  # noqa: PLC0415

    real = dumps._dump

    def add_first(*args):
        with psycopg.connect(url(SUPERUSER)) as door:
            door.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'meanwhile', now())")
        real(*args)

    monkeypatch.setattr(dumps, "_dump", add_first)
    counted = back_up(url(BACKUP), tmp_path / "portal.dump")
    assert counted["django_migrations"] == counts()["django_migrations"] - 1


def test_without_addresses_or_a_folder_nothing_is_made(committed, addresses, tmp_path, monkeypatch):
    assert "The backup failed" in refused("backup", tmp_path / "missing" / "portal.dump")
    monkeypatch.setattr(settings, "DATABASE_BACKUP_URL", "")
    assert "DATABASE_BACKUP_URL" in refused("backup", tmp_path / "portal.dump")
    assert "DATABASE_BACKUP_URL" in refused("restore", tmp_path / "portal.dump")


def test_a_database_without_tables_is_not_backed_up(committed, tmp_path, monkeypatch):
    with new_database("bare", monkeypatch):
        assert "no table django_migrations" in refused("backup", tmp_path / "portal.dump")
    assert list(tmp_path.iterdir()) == []


def test_no_password_is_on_a_command_line():
    values = environment_of("postgres://who:s%2Fcret@db.example:6543/portal?sslmode=verify-full")
    assert {name: values[name] for name in values if name.startswith("PG")} == {
        "PGHOST": "db.example",
        "PGPORT": "6543",
        "PGUSER": "who",
        "PGPASSWORD": "s/cret",
        "PGDATABASE": "portal",
        "PGSSLMODE": "verify-full",
    }


def test_a_program_too_old_for_the_server_is_not_used():
    with pytest.raises(BackupFailed, match="PostgreSQL 99 or newer"):
        find_program("pg_dump", major=99)


def test_a_filled_database_is_not_restored_into(committed, addresses, tmp_path):
    file = tmp_path / "portal.dump"
    run("backup", file)
    before = counts()
    assert "not empty" in refused("restore", file)
    assert counts() == before


def test_a_database_that_a_process_of_the_portal_uses_is_not_restored_into(committed, addresses, tmp_path, monkeypatch):
    file = tmp_path / "portal.dump"
    run("backup", file)
    with new_database("used", monkeypatch):
        with psycopg.connect(url(APP)):
            assert f"Stop every process of the portal first: 1 connection of {APP} found" in refused("restore", file)
        assert "verified" in run("restore", file)


@pytest.mark.parametrize("kept", [0, 100, 0.5])
def test_half_a_backup_is_refused_and_leaves_nothing(committed, addresses, tmp_path, monkeypatch, kept):
    file = tmp_path / "portal.dump"
    run("backup", file)
    os.truncate(file, kept if isinstance(kept, int) else int(file.stat().st_size * kept))
    with new_database("half", monkeypatch):
        assert "do not serve this database" in refused("restore", file)
        with psycopg.connect(url(OWNER)) as door:
            assert door.execute(
                "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            ).fetchone() == (0,)


def test_a_restored_portal_is_the_same_and_erased_people_stay_erased(committed, addresses, tmp_path, monkeypatch, now):
    monkeypatch.setattr(settings, "READINESS_SECONDS", 0.0)
    file, before = tmp_path / "portal.dump", counts()
    run("backup", file)
    with in_client(committed.client_id("indus")):
        erase_subject(committed.subject("danish"), actor=committed.actor("amina"), reason="subject_request", at=now)
    with new_database("restored", monkeypatch):
        assert "replay_erasures" in run("restore", file)
        assert counts() == before
        with psycopg.connect(url(SUPERUSER)) as door:
            assert findings(door) == [], "the wall stands as it stood"
        with in_client(committed.client_id("indus")):
            danish = committed.subject("danish")
            assert sealer_of(danish).open(danish.full_name, column="people_subject.full_name") == "Danish Qureshi"

        indus, browser = Caller(committed.key("indus")), Browser()
        assert browser.get("/readyz").json()["reason"] == "erasures_not_replayed"
        assert indus.get("/api/v1/purposes").status_code == 503
        assert erasure_state(at=now) is ErasureState.NOT_REPLAYED

        assert "1 erased" in run("replay_erasures")
        assert browser.get("/readyz").status_code == 200
        assert indus.get("/api/v1/purposes").status_code == 200
        assert indus.get("/api/v1/subjects/lms-danish").status_code == 410
        assert indus.put("/api/v1/subjects/lms-danish", {"role": "student"}).status_code == 409
        assert indus.get("/api/v1/subjects/lms-hamza").status_code == 200
        with in_client(committed.client_id("indus")):
            assert not SubjectKey.objects.filter(subject_id=danish.id).exists()
            with pytest.raises(CannotOpen):
                sealer_of(danish)


@pytest.fixture
def installation(committed, monkeypatch, settings):
    endpoint, name = template_ready(), str(connections.databases["default"]["NAME"])
    addresses = {
        "DATABASE_URL": endpoint.url(APP, name),
        "DATABASE_OWNER_URL": endpoint.url(OWNER, name),
        "DATABASE_BACKUP_URL": endpoint.url(BACKUP, name),
        "DRILL_DATABASE_URL": endpoint.url(SUPERUSER, "postgres"),
    }
    for variable, value in {**environment_of_server(), **addresses}.items():
        monkeypatch.setenv(variable, value)
    settings.DATABASE_BACKUP_URL = addresses["DATABASE_BACKUP_URL"]
    return committed


def databases():
    with psycopg.connect(template_ready().url(SUPERUSER, "postgres")) as link:
        return {name for (name,) in link.execute("SELECT datname FROM pg_database")}


def drill(*arguments):
    out = StringIO()
    call_command("drill", *map(str, arguments), stdout=out)
    return out.getvalue()


def reports():
    with in_client(PAKTALEEM):
        return list(
            Entry.objects.filter(kind__startswith="backup.drill").order_by("recorded_at").values_list("kind", flat=True)
        )


def test_a_drill_restores_repeats_erasures_checks_evidence_and_is_recorded(installation, tmp_path, erasure_list):
    before, backup = databases(), tmp_path / "portal.dump"
    call_command("backup", str(backup), stdout=StringIO())
    with in_client(installation.client_id("indus")):
        person = installation.subject("hamza")
        erase_subject(person, actor=installation.actor("amina"), reason="subject_request", at=timezone.now())
    listed = erasure_list.read_bytes()
    lines = drill("--backup", backup).splitlines()
    assert [line.split("  ")[0] for line in lines[:4]] == ["ok"] * 4
    assert "Restored" in lines[0]
    assert "1 " in lines[1].split(" s  ")[1], "the erasure since the backup"
    assert "entries are as they were recorded. This does not show whether entries were deleted" in lines[2]
    assert reports() == ["backup.drill_passed"]
    assert databases() == before, "the copy is dropped"
    assert erasure_list.read_bytes() == listed, "the list of the portal is not touched"


def test_a_drill_with_a_changed_ledger_fails_and_is_recorded(installation, tmp_path):
    backup = tmp_path / "portal.dump"
    with enter(SUPERUSER) as link:
        link.execute("SET session_replication_role = replica")
        link.execute(
            "UPDATE audit_entry SET body = body || ' ' WHERE id = (SELECT max(id::text)::uuid FROM audit_entry)"
        )
    with pytest.raises(EntryChanged):
        check_entries()
    call_command("backup", str(backup), stdout=StringIO())
    with pytest.raises(CommandError, match="The drill failed at: evidence"):
        drill("--backup", backup)
    assert reports() == ["backup.drill_failed"]


def test_a_drill_names_the_addresses_that_it_lacks(installation, monkeypatch):
    monkeypatch.delenv("DRILL_DATABASE_URL")
    with pytest.raises(CommandError, match=r"Set DRILL_DATABASE_URL\.") as caught:
        drill()
    assert caught.value.returncode == 2
    assert reports() == []


def test_a_file_that_does_not_exist_is_no_drill(installation, tmp_path):
    with pytest.raises(CommandError, match=r"absent\.dump does not exist") as caught:
        drill("--backup", tmp_path / "absent.dump")
    assert caught.value.returncode == 2
    assert reports() == []


def test_a_drill_that_cannot_be_recorded_still_says_where_it_failed(installation, tmp_path, capsys):
    backup = tmp_path / "portal.dump"
    backup.write_bytes(b"PGDMP")
    with enter(SUPERUSER) as link:
        link.execute("REVOKE EXECUTE ON FUNCTION audit_record_own FROM PUBLIC, paktaleem_app, paktaleem_officer")
    with pytest.raises(CommandError, match="The drill failed at: restore and counts"):
        drill("--backup", backup)
    assert "could not be recorded in the ledger" in capsys.readouterr().err
