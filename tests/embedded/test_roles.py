from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from paktaleem.foundation.embedded.layout import APP, BACKUP, LIMITED, OFFICER, OWNER, SUPERUSER
from paktaleem.foundation.embedded.roles import drop_database, ensure_database, ensure_roles


@pytest.fixture
def enter(portal):
    opened = []

    def connect(role, database="portal"):
        opened.append(psycopg.connect(portal.url(role, database)))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.rollback()
        connection.close()


@pytest.fixture
def letters(portal):
    with psycopg.connect(portal.url(OWNER, "portal")) as connection:
        connection.execute("CREATE TABLE letters (text text UNIQUE)")
        connection.execute("INSERT INTO letters VALUES ('Dear Amina')")
        connection.execute("ALTER TABLE letters ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        connection.execute(f"CREATE POLICY officers ON letters FOR SELECT TO {OFFICER} USING (true)")
        connection.execute(f"GRANT SELECT ON letters TO {OFFICER}")
    yield
    with psycopg.connect(portal.url(OWNER, "portal")) as connection:
        connection.execute("DROP TABLE letters")


def one(connection, question, values=()):
    return connection.execute(question, values).fetchone()


ATTRIBUTES = """
    SELECT rolcanlogin, rolbypassrls, rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication
    FROM pg_roles WHERE rolname = %s
"""


@pytest.mark.parametrize(
    ("role", "may_log_in", "bypasses"),
    [(OWNER, True, False), (APP, True, False), (OFFICER, False, False), (BACKUP, True, True)],
)
def test_each_role_is_what_it_should_be(enter, role, may_log_in, bypasses):
    assert one(enter(SUPERUSER), ATTRIBUTES, [role]) == (may_log_in, bypasses, False)


@pytest.mark.parametrize("role", [SUPERUSER, OWNER, APP, BACKUP])
def test_a_wrong_password_is_refused(portal, role):
    assert portal.host == "127.0.0.1"
    for password in ("wrong", ""):
        with pytest.raises(psycopg.OperationalError, match=r"password|fe_sendauth"):
            psycopg.connect(host=portal.host, port=portal.port, user=role, dbname="portal", password=password)


def test_there_is_no_way_in_but_tcp_with_a_password(enter):
    connection = enter(SUPERUSER)
    assert one(connection, "SHOW unix_socket_directories") == ("",)
    assert one(connection, "SHOW listen_addresses") == ("127.0.0.1",)
    rules = connection.execute("SELECT type, auth_method, address FROM pg_hba_file_rules").fetchall()
    assert rules == [("host", "scram-sha-256", "127.0.0.1")]
    verifiers = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL").fetchall()
    assert len(verifiers) == 4
    assert all(verifier.startswith("SCRAM-SHA-256$") for (verifier,) in verifiers)


@pytest.mark.usefixtures("letters")
def test_the_officer_is_entered_and_not_inherited(enter):
    connection = enter(APP)
    with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
        connection.execute("SELECT * FROM letters")
    connection.execute(f"SET LOCAL ROLE {OFFICER}")
    assert one(connection, "SELECT text FROM letters") == ("Dear Amina",)
    with pytest.raises(errors.InsufficientPrivilege):
        connection.execute("INSERT INTO letters VALUES ('x')")


@pytest.mark.usefixtures("letters")
def test_the_backup_reads_everything_and_writes_nothing(enter):
    connection = enter(BACKUP)
    assert one(connection, "SELECT text FROM letters") == ("Dear Amina",)
    connection.rollback()
    connection.execute("SET TRANSACTION READ WRITE")
    with pytest.raises(errors.InsufficientPrivilege):
        connection.execute("DELETE FROM letters")


@pytest.mark.parametrize("role", [APP, BACKUP])
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE DATABASE mine",
        "CREATE ROLE mine",
        "SET ROLE paktaleem_owner",
        "SET session_replication_role = replica",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ],
)
def test_serving_and_backing_up_make_nothing(enter, role, statement):
    connection = enter(role)
    connection.autocommit = True
    if role == BACKUP:
        connection.execute("SET default_transaction_read_only = off")
    with pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement)


def test_serving_may_make_a_temporary_table_and_backing_up_may_not(enter):
    enter(APP).execute("CREATE TEMPORARY TABLE mine (id int) ON COMMIT DROP")
    backup = enter(BACKUP)
    backup.execute("SET TRANSACTION READ WRITE")
    with pytest.raises(errors.InsufficientPrivilege):
        backup.execute("CREATE TEMPORARY TABLE mine (id int)")


def test_the_public_has_no_rights(enter):
    connection = enter(SUPERUSER)
    for right in ("CONNECT", "TEMPORARY", "CREATE"):
        for database in ("portal", "postgres", "template1"):
            assert one(connection, "SELECT has_database_privilege('public', %s, %s)", [database, right]) == (False,)
    assert one(connection, "SELECT has_schema_privilege('public', 'public', 'CREATE')") == (False,)


def test_the_owner_owns_the_database_and_its_schema(enter):
    connection = enter(OWNER)
    owners = "SELECT datdba::regrole::text, nspowner::regrole::text FROM pg_database, pg_namespace"
    assert one(connection, f"{owners} WHERE datname = 'portal' AND nspname = 'public'") == (OWNER, OWNER)
    connection.execute("CREATE TABLE mine (id int)")


def test_the_apps_statements_have_limits(enter):
    connection = enter(APP)
    limits = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    assert [one(connection, f"SHOW {limit}")[0] for limit in limits] == ["30s", "10s", "1min"]


def test_what_was_changed_is_put_back(portal, enter):
    with psycopg.connect(portal.url(SUPERUSER, "portal"), autocommit=True) as connection:
        connection.execute(f"ALTER ROLE {APP} CREATEDB BYPASSRLS PASSWORD 'changed'")
        connection.execute(f"ALTER ROLE {APP} SET row_security = off")
        connection.execute(f"GRANT {OWNER} TO {APP}")
        connection.execute(f"GRANT {OFFICER} TO {APP} WITH INHERIT TRUE, ADMIN TRUE")
        connection.execute(f"GRANT ALL ON DATABASE portal TO PUBLIC, {APP}")
        connection.execute(f"GRANT ALL ON SCHEMA public TO PUBLIC, {APP}")
    ensure_roles(portal)
    ensure_database(portal, "portal")
    app = enter(APP)
    assert one(app, ATTRIBUTES, [APP]) == (True, False, False)
    assert one(app, "SHOW row_security") == ("on",)
    memberships = app.execute(
        "SELECT roleid::regrole::text, inherit_option, set_option, admin_option"
        " FROM pg_auth_members WHERE member = %s::regrole ORDER BY 1",
        [APP],
    ).fetchall()
    assert memberships == [(LIMITED, False, True, False), (OFFICER, False, True, False)]
    assert one(app, "SELECT has_database_privilege('portal', 'CREATE')") == (False,)
    assert one(app, "SELECT has_schema_privilege('public', 'CREATE')") == (False,)


def test_a_database_is_copied_from_a_template_and_dropped_in_use(portal):
    ensure_database(portal, "pattern")
    with psycopg.connect(portal.url(OWNER, "pattern")) as connection:
        connection.execute("CREATE TABLE filled AS SELECT 7 AS number")
    ensure_database(portal, "copy", template="pattern")
    ensure_database(portal, "copy", template="pattern")
    with psycopg.connect(portal.url(OWNER, "copy")) as connection:
        assert one(connection, "SELECT number FROM filled") == (7,)
        for name in ("copy", "copy", "pattern"):
            drop_database(portal, name)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


@pytest.mark.usefixtures("letters")
def test_the_servers_log_holds_no_personal_data(portal, enter):
    connection = enter(OWNER)
    for statement in (
        "SELECT 'Amina'::int",
        "DO $$ BEGIN RAISE WARNING 'Amina'; END $$",
        "SELECT 1 / length('Amina') FROM no_such_table",
    ):
        with pytest.raises(psycopg.Error) if "RAISE" not in statement else connection.transaction():
            connection.execute(statement)
        connection.rollback()
    superuser = enter(SUPERUSER)
    with pytest.raises(errors.UniqueViolation):
        superuser.execute("INSERT INTO letters VALUES ('Dear Amina')")
    superuser.rollback()
    (data,) = one(superuser, "SHOW data_directory")
    text = (Path(data).parent / "server.log").read_text()
    assert "ready to accept connections" in text
    assert "Amina" not in text
