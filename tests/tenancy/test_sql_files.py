"""The files in ``sql/`` are what the database holds, and a changed file needs a migration."""

from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from paktaleem.foundation.tenancy.migration_state import SqlChange, applied_versions, list_present, pending_changes
from paktaleem.foundation.tenancy.sql_files import (
    ApplySql,
    DropSql,
    SqlText,
    SqlTextError,
    digest_of,
    sql_file,
    sql_files,
)
from tests.tenancy.connections import rows
from tests.tenancy.sql_objects import FUNCTION_TEXT, TRIGGER_TEXT, differences, texts

KEEPS_PROOF = "TRIGGER keeps_proof AFTER UPDATE ON consent_noticedispatch EXECUTE FUNCTION consent_keep_proof()"
PLANTED = {
    "another body": (
        "CREATE OR REPLACE FUNCTION tenancy_client() RETURNS uuid LANGUAGE plpgsql STABLE AS 'BEGIN RETURN NULL; END'",
        "function tenancy_client is not what its file says",
    ),
    "another caller": (
        "GRANT EXECUTE ON FUNCTION accounts_live_key TO paktaleem_officer",
        "function accounts_live_key is not what its file says",
    ),
    "all callers": (
        "GRANT EXECUTE ON FUNCTION audit_record_own TO PUBLIC",
        "function audit_record_own is not what its file says",
    ),
    "another search path": (
        "ALTER FUNCTION webhooks_deliver RESET search_path",
        "function webhooks_deliver is not what its file says",
    ),
    "a function without a file": (
        "CREATE FUNCTION planted() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "no file creates function planted",
    ),
    "a view without a file": ("CREATE VIEW planted AS SELECT 1 AS one", "no file creates view planted"),
    "a trigger without a file": (
        "CREATE TRIGGER planted AFTER INSERT ON consent_consent EXECUTE FUNCTION tenancy_refuse_change()",
        "no file creates trigger planted consent_consent",
    ),
    "a trigger on another table": (
        "CREATE TRIGGER keeps_proof BEFORE UPDATE ON consent_consent EXECUTE FUNCTION consent_keep_proof()",
        "no file creates trigger keeps_proof consent_consent",
    ),
    "a missing trigger": (
        "DROP TRIGGER notes_update ON consent_objection",
        "the database has no trigger notes_update consent_objection",
    ),
    "a trigger that does something else": (
        f"CREATE OR REPLACE {KEEPS_PROOF}",
        "trigger keeps_proof is not what its file says",
    ),
    "a disabled trigger": (
        "ALTER TABLE audit_entry DISABLE TRIGGER tells_webhooks",
        "trigger tells_webhooks is not what its file says",
    ),
    "a missing function": (
        "DROP FUNCTION consent_decision_facts",
        "the database has no function consent_decision_facts",
    ),
    "another list of events": (
        "ALTER FUNCTION webhooks_events() STABLE",
        "function webhooks_events is not what is generated",
    ),
}
DOUBLED = "CREATE OR REPLACE FUNCTION doubled(n int) RETURNS int\nLANGUAGE sql\nAS 'SELECT n * 2';\n"
TRIPLED = DOUBLED.replace("* 2", "* 3")


def test_the_database_matches_the_sql_files(bootstrap):
    assert list(differences(bootstrap, texts())) == []


@pytest.mark.parametrize(("statement", "expected"), PLANTED.values(), ids=PLANTED)
def test_a_planted_difference_is_found(bootstrap, statement, expected):
    bootstrap.execute(statement)
    assert expected in list(differences(bootstrap, texts()))


def test_a_changed_file_is_found(bootstrap):
    changed = [
        SqlText(one.name, one.text.replace("'of_age_threshold'", "'threshold'")) if "subject_facts" in one.name else one
        for one in texts()
    ]
    assert list(differences(bootstrap, changed)) == ["function consent_subject_facts is not what its file says"]


def test_every_file_creates_one_described_object_of_its_name():
    for file in sql_files():
        file.current.check()
        assert file.current.text.startswith("-- "), f"{file.path} begins with a comment that says what it is"


def test_every_security_definer_function_says_why():
    for one in texts():
        if "SECURITY DEFINER" in one.text.partition("CREATE")[2]:
            assert "SECURITY DEFINER" in one.text.partition("CREATE")[0], f"{one.name}: its head comment says why"


def test_every_file_has_a_migration():
    assert pending_changes(applied_versions(MigrationLoader(None))) == []


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(apps.get_app_config("holdings"), "path", str(tmp_path))
    (tmp_path / "sql" / "previous").mkdir(parents=True)
    return tmp_path / "sql"


def write(folder, text, name="doubled"):
    (folder / f"{name}.sql").write_text(text)
    return digest_of(text)


def keep(folder, text):
    (folder / "previous" / f"doubled.{digest_of(text)}.sql").write_text(text)
    return digest_of(text)


def test_a_new_changed_or_removed_file_fails_the_check(folder):
    known = applied_versions(MigrationLoader(None))
    new = write(folder, DOUBLED)
    assert pending_changes(known) == [SqlChange(sql_file("holdings", "doubled"), None, new)]
    applied = {**known, ("holdings", "doubled"): new}
    assert pending_changes(applied) == []
    changed = write(folder, TRIPLED)
    assert pending_changes(applied) == [SqlChange(sql_file("holdings", "doubled"), new, changed)]
    (folder / "doubled.sql").unlink()
    assert pending_changes(applied) == [SqlChange(sql_file("holdings", "doubled"), new, None)]


def test_the_check_names_the_command_to_run(folder):
    write(folder, DOUBLED)
    with pytest.raises(CommandError, match=r"doubled\.sql\nRun `.venv/bin/python manage.py makesql"):
        call_command("makesql", check=True)


def test_makesql_isolates_a_table_without_a_migration(monkeypatch, tmp_path):
    isolation = "paktaleem.foundation.tenancy.migration_state"
    present = list_present(MigrationLoader(None))
    lost = {key for key in present if key[:2] == ("ageing", "agenotice")}
    assert len(lost) == 3
    monkeypatch.setattr(f"{isolation}.list_present", lambda _: present - lost)
    with pytest.raises(CommandError, match=r'ageing: TenantIsolation\("AgeNotice"'):
        call_command("makesql", check=True)
    monkeypatch.setattr(apps.get_app_config("ageing"), "path", str(tmp_path))
    (tmp_path / "migrations").mkdir()
    call_command("makesql", stdout=StringIO())
    [path] = (tmp_path / "migrations").glob("*.py")
    assert '        Isolate(\n            TenantIsolation("AgeNotice"' in path.read_text()
    compile(path.read_text(), path.name, "exec")


def test_the_check_passes_without_changes():
    said = StringIO()
    call_command("makesql", check=True, stdout=said)
    assert said.getvalue() == "The migrations apply every SQL file and isolate every table.\n"


def test_the_comment_at_the_head_needs_no_migration():
    assert digest_of(f"-- What it does.\n{DOUBLED}") == digest_of(DOUBLED) != digest_of(TRIPLED)


def test_makesql_writes_the_migration_and_keeps_the_earlier_text(folder, monkeypatch):
    monkeypatch.setattr(
        "paktaleem.foundation.tenancy.management.commands.makesql._git",
        lambda _, command, *__: DOUBLED if command == "show" else "abc",
    )
    before, after = digest_of(DOUBLED), write(folder, TRIPLED)
    versions = {**applied_versions(MigrationLoader(None)), ("holdings", "doubled"): before}
    monkeypatch.setattr("paktaleem.foundation.tenancy.management.commands.makesql.applied_versions", lambda _: versions)
    (folder.parent / "migrations").mkdir()
    call_command("makesql", name="triples", stdout=StringIO())
    [path] = (folder.parent / "migrations").glob("*.py")
    assert path.name == "0003_triples.py"
    assert f'ApplySql("doubled", digest="{after}", previous="{before}")' in path.read_text()
    assert 'dependencies = [("holdings", "0002_tenancy")]' in path.read_text()
    assert (folder / "previous" / f"doubled.{before}.sql").read_text() == DOUBLED


def test_makesql_drops_a_function_whose_signature_changed(folder):
    before, other = digest_of(DOUBLED), DOUBLED.replace("n int", "n bigint")
    change = SqlChange(sql_file("holdings", "doubled"), before, write(folder, other))
    assert change.operations(DOUBLED) == [
        f'DropSql("doubled", digest="{before}")',
        f'ApplySql("doubled", digest="{digest_of(other)}")',
    ]


def test_a_missing_earlier_text_is_an_error(folder):
    write(folder, TRIPLED)
    with pytest.raises(SqlTextError, match="No text of doubled has the digest"):
        sql_file("holdings", "doubled").text(digest_of(DOUBLED))


def test_a_file_that_creates_something_else_is_an_error(folder):
    write(folder, DOUBLED, name="tripled")
    with pytest.raises(SqlTextError, match=r"tripled\.sql must create one object of its name"):
        pending_changes({})


def run(operation, *, back=False):
    with connections["owner"].schema_editor() as editor:
        (operation.database_backwards if back else operation.database_forwards)("holdings", editor, None, None)


def doubled(door):
    found = rows(door, FUNCTION_TEXT, ["doubled"])
    door.rollback()
    return found


def of_six(door):
    [(number,)] = rows(door, "SELECT doubled(6)")
    door.rollback()
    return number


def test_a_version_is_applied_and_taken_back(committed, bootstrap, folder):
    first, second = keep(folder, DOUBLED), write(folder, TRIPLED)
    new, changed = ApplySql("doubled", digest=first), ApplySql("doubled", digest=second, previous=first)
    run(new)
    assert of_six(bootstrap) == 12
    run(changed)
    assert of_six(bootstrap) == 18
    run(changed, back=True)
    assert of_six(bootstrap) == 12
    run(new, back=True)
    assert doubled(bootstrap) == []


def test_a_dropped_object_comes_back(committed, bootstrap, folder):
    digest = keep(folder, DOUBLED)
    run(ApplySql("doubled", digest=digest))
    run(DropSql("doubled", digest=digest))
    assert doubled(bootstrap) == []
    run(DropSql("doubled", digest=digest), back=True)
    assert of_six(bootstrap) == 12


def test_execute_rights_are_those_of_the_applied_version(committed, bootstrap, folder):
    grants = "REVOKE ALL ON FUNCTION doubled FROM PUBLIC;\nGRANT EXECUTE ON FUNCTION doubled TO paktaleem_app;\n"
    closed = DOUBLED + grants
    first, second = keep(folder, closed), write(folder, DOUBLED)
    run(ApplySql("doubled", digest=first))
    [(_, before)] = doubled(bootstrap)
    assert before == ["paktaleem_app=X/paktaleem_owner", "paktaleem_owner=X/paktaleem_owner"]
    run(ApplySql("doubled", digest=second, previous=first))
    [(_, after)] = doubled(bootstrap)
    assert after == ["=X/paktaleem_owner", "paktaleem_owner=X/paktaleem_owner"]


def test_a_changed_signature_replaces_the_function(committed, folder):
    first, second = keep(folder, DOUBLED), write(folder, DOUBLED.replace("n int", "n bigint"))
    run(ApplySql("doubled", digest=first))
    with pytest.raises(Exception, match='write DropSql\\("doubled"'):
        run(ApplySql("doubled", digest=second, previous=first))


def test_a_trigger_exists_on_the_tables_of_its_file(committed, bootstrap, folder):
    one = "CREATE TRIGGER planted BEFORE UPDATE ON {}\n    FOR EACH ROW EXECUTE FUNCTION tenancy_refuse_change();\n"
    tables = "holdings_incident", "holdings_historicalincident"
    before = one.format(tables[0])
    (folder / "previous" / f"planted.{digest_of(before)}.sql").write_text(before)
    after = write(folder, one.format(tables[1]), name="planted")
    run(ApplySql("planted", digest=digest_of(before)))
    run(ApplySql("planted", digest=after, previous=digest_of(before)))
    [(table, _, _)] = rows(bootstrap, TRIGGER_TEXT, ["planted", list(tables)])
    assert table == tables[1]


def test_a_migration_that_does_not_follow_the_one_before_is_an_error(monkeypatch):
    loader = MigrationLoader(None)
    migration = loader.graph.nodes["consent", "0002_tenancy"]
    wrong = ApplySql("consent_keep_proof", digest="0" * 12, previous="1" * 12)
    monkeypatch.setattr(migration, "operations", [*migration.operations, wrong])
    with pytest.raises(SqlTextError, match=r"consent\.0002_tenancy expects the version 111111111111"):
        applied_versions(loader)
