"""A drill restores a backup into a temporary database, checks the copy, and reports to the ledger."""

from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import EntryChanged, check_entries
from paktaleem.foundation.embedded.layout import APP, BACKUP, OWNER, SUPERUSER
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.database import template_ready
from tests.serving import environment_of_server
from tests.tenancy.connections import enter


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
