# ruff: noqa: E501, ISC004, PT012, RUF043, S608 -- SQL and tables read better in one line; long statements in tables; what comes before the refusal belongs to it; plain patterns; names of our own tables
"""Attacks on tenant isolation by a user who can send any SQL as the app role (SQL injection)."""

import uuid

import pytest
from psycopg import DatabaseError, errors

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.services import compute_key_digest
from paktaleem.foundation.embedded.layout import APP, OWNER, SUPERUSER
from paktaleem.foundation.tenancy.context import ContextMissing
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.project.offenders import refuse_any
from tests.tenancy.catalog import walled
from tests.tenancy.connections import become_client, become_officer, enter, rows

REFUSED = errors.InsufficientPrivilege
NEW_SUBJECT = (
    "INSERT INTO people_subject (id, client_id, external_id, role, language, is_enabled, registered_at, changed_at)"
    " VALUES (%s, %s, %s, 'student', 'en', true, now(), now())"
)


@pytest.fixture
def app_of_indus(app, people):
    become_client(app, people.client_id("indus"))
    return app


def test_without_a_context_no_sql_is_sent(db):
    with pytest.raises(ContextMissing):
        Subject.objects.count()


def test_without_a_context_the_database_shows_no_clients_rows(app, bootstrap):
    refuse_any((table, rows_without_context(app, bootstrap, table, wall)) for table, wall in walled().items())


def rows_without_context(app, bootstrap, table, wall):
    shown = owners_shown(app, table, wall.owner_column)
    common = {(PAKTALEEM,)} if wall.scope == "catalogue" else set()
    is_refused = shown == "refused" or owners_in(bootstrap, table, wall) <= common
    return "" if is_refused else f"shows rows of {shown}"


def owners_shown(door, table, column):
    try:
        with door.transaction():
            return set(rows(door, f"SELECT DISTINCT {column} FROM {table}"))
    except REFUSED:
        return "refused"


def owners_in(bootstrap, table, wall):
    return set(rows(bootstrap, f"SELECT DISTINCT {wall.owner_column} FROM {table}"))


def test_an_empty_context_counts_as_missing(app):
    app.execute("SELECT set_config('paktaleem.client', '', true)")
    with pytest.raises(REFUSED, match="no client context"):
        rows(app, "SELECT * FROM people_subject")


@pytest.mark.parametrize("nonsense", ["x", "NULL", "%", "' OR true --"])
def test_an_invalid_client_id_raises(app, nonsense):
    app.execute("SELECT set_config('paktaleem.client', %s, true)", [nonsense])
    with pytest.raises(errors.InvalidTextRepresentation):
        rows(app, "SELECT * FROM people_subject")


def test_only_own_and_shared_rows_are_read(app_of_indus, people, bootstrap):
    refuse_any(
        (table, other_rows_read(app_of_indus, people, bootstrap, table, wall)) for table, wall in walled().items()
    )


def other_rows_read(app_of_indus, people, bootstrap, table, wall):
    shared = {(PAKTALEEM,)} if wall.scope == "catalogue" else set()
    own_and_shared = owners_in(bootstrap, table, wall) & ({(people.client_id("indus"),)} | shared)
    expected = own_and_shared if "SELECT" in wall.rights else "refused"
    shown = owners_shown(app_of_indus, table, wall.owner_column)
    return "" if shown == expected else f"shows rows of {shown}, not of {expected}"


def test_the_tables_hold_rows_of_several_clients(bootstrap):
    for table in ("people_subject", "audit_entry", "accounts_apikey", "consent_serviceagreement"):
        assert len(rows(bootstrap, f"SELECT DISTINCT client_id FROM {table}")) > 1, table


def test_a_row_of_another_client_is_not_found_by_its_id(app_of_indus, people):
    assert rows(app_of_indus, "SELECT * FROM people_subject WHERE id = %s", [people.subject_id("kiran")]) == []
    assert rows(app_of_indus, "SELECT * FROM people_subject WHERE id = %s", [people.subject_id("danish")]) != []


def test_a_row_can_be_inserted_for_the_own_client_only(app_of_indus, people):
    app_of_indus.execute(NEW_SUBJECT, [uuid.uuid4(), people.client_id("indus"), "planted"])
    with pytest.raises(REFUSED, match="row-level security"):
        app_of_indus.execute(NEW_SUBJECT, [uuid.uuid4(), people.client_id("khyber"), "planted"])


def test_a_row_of_another_client_cannot_be_updated(app_of_indus, people):
    update = "UPDATE people_subject SET language = 'ur' WHERE id = %s"
    assert app_of_indus.execute(update, [people.subject_id("kiran")]).rowcount == 0
    assert app_of_indus.execute(update, [people.subject_id("danish")]).rowcount == 1


def test_a_row_cannot_be_moved_to_another_client(app_of_indus, people):
    update, values = "UPDATE people_subject SET client_id = %s WHERE id = %s", ("khyber", "iqra")
    with pytest.raises(REFUSED, match="row-level security"):
        app_of_indus.execute(update, [people.client_id(values[0]), people.subject_id(values[1])])


def test_an_upsert_cannot_change_another_clients_row(app_of_indus, people):
    upsert = f"{NEW_SUBJECT} ON CONFLICT (client_id, external_id) DO UPDATE SET language = 'ur'"
    with pytest.raises(REFUSED, match="row-level security"):
        app_of_indus.execute(upsert, [uuid.uuid4(), people.client_id("khyber"), "lms-kiran"])


@pytest.mark.parametrize(
    ("statement", "target"),
    [
        (
            "INSERT INTO consent_restriction (id, client_id, subject_id, purpose_code, starts_at)"
            " VALUES (gen_random_uuid(), %(own)s, %(target)s, '', now())",
            "kiran",
        ),
        (
            "INSERT INTO people_subjectkey (id, client_id, subject_id, epoch, wrapped)"
            " VALUES (gen_random_uuid(), %(own)s, %(target)s, 1, '')",
            "kiran",
        ),
        ("UPDATE people_guardianclaim SET guardian_id = %(target)s", "kiran"),
        ("UPDATE people_guardianclaim SET child_id = %(target)s", "kiran"),
    ],
)
def test_no_foreign_key_can_refer_to_another_clients_row(app_of_indus, people, statement, target):
    with pytest.raises(errors.ForeignKeyViolation):
        app_of_indus.execute(statement, {"own": people.client_id("indus"), "target": people.subject_id(target)})


def consent_event(door, people, **changed):
    [(purpose,)] = rows(door, "SELECT id FROM consent_purpose WHERE code = 'newsletter'")
    values = {
        "client_id": people.client_id("indus"),
        "subject_id": people.subject_id("danish"),
        "purpose_id": purpose,
        "purpose_owner": people.client_id("indus"),
        "guardian_id": None,
        "notice_version_id": None,
        "notice_version_owner": None,
        "given_by": "self",
        **changed,
    }
    columns = ", ".join(values)
    door.execute(
        "INSERT INTO consent_consentevent (id, state, shown_hash, language, method, actor_kind, actor_id, actor_role,"
        f" recorded_at, {columns}) VALUES (gen_random_uuid(), 'refused', '', 'en', 'lms', 'user', gen_random_uuid(),"
        f" 'client_admin', now(), {', '.join(f'%({name})s' for name in values)})",
        values,
    )


def foreign(bootstrap, people, table):
    return rows(bootstrap, f"SELECT id FROM {table} WHERE client_id = %s", [people.client_id("khyber")])[0][0]


def test_an_event_of_the_own_client_can_be_inserted_and_cannot_refer_to_another_clients_guardian(app_of_indus, people):
    consent_event(app_of_indus, people)
    with pytest.raises(errors.ForeignKeyViolation):
        consent_event(app_of_indus, people, given_by="guardian", guardian_id=people.subject_id("kiran"))


def test_an_event_cannot_refer_to_another_clients_purpose(app_of_indus, people, bootstrap):
    purpose = foreign(bootstrap, people, "consent_purpose")
    with pytest.raises(errors.ForeignKeyViolation):
        consent_event(app_of_indus, people, purpose_id=purpose)


def test_an_event_cannot_name_another_client_as_the_purposes_owner(app_of_indus, people, bootstrap):
    purpose = foreign(bootstrap, people, "consent_purpose")
    with pytest.raises(errors.CheckViolation):
        consent_event(app_of_indus, people, purpose_id=purpose, purpose_owner=people.client_id("khyber"))


def test_an_event_cannot_omit_the_owner_of_a_notice(app_of_indus, people, bootstrap):
    version = foreign(bootstrap, people, "consent_noticeversion")
    with pytest.raises(errors.CheckViolation):
        consent_event(app_of_indus, people, notice_version_id=version, notice_version_owner=None)


def test_an_event_may_refer_to_a_shared_purpose(app_of_indus, people):
    [(purpose,)] = rows(app_of_indus, "SELECT id FROM consent_purpose WHERE code = 'support'")
    consent_event(app_of_indus, people, purpose_id=purpose, purpose_owner=PAKTALEEM)


def test_two_clients_may_use_the_same_natural_key_and_one_client_cannot_use_it_twice(app, people):
    for code in ("indus", "khyber"):
        become_client(app, people.client_id(code))
        app.execute(NEW_SUBJECT, [uuid.uuid4(), people.client_id(code), "stu-0001"])
    with pytest.raises(errors.UniqueViolation):
        app.execute(NEW_SUBJECT, [uuid.uuid4(), people.client_id("khyber"), "stu-0001"])


FORBIDDEN = {
    "delete people": "DELETE FROM people_subject",
    "delete evidence": "DELETE FROM audit_entry",
    "truncate": "TRUNCATE people_subject CASCADE",
    "truncate evidence": "TRUNCATE audit_entry",
    "truncate what may be deleted from": "TRUNCATE people_subjectkey",
    "update evidence": "UPDATE audit_entry SET kind = 'x'",
    "update an answer": "UPDATE consent_consentevent SET state = 'given'",
    "update a notice": "UPDATE consent_noticeversion SET text_en = 'x'",
    "update history": "UPDATE people_historicalsubject SET role = 'guardian'",
    "update who looked": "UPDATE people_accessrecord SET fields = ''",
    "lock evidence": "LOCK TABLE audit_entry IN ACCESS EXCLUSIVE MODE",
    "create a table": "CREATE TABLE public.planted (id int)",
    "create a schema": "CREATE SCHEMA planted",
    "create a function": "CREATE FUNCTION public.planted() RETURNS int LANGUAGE sql COST 0.0001 AS 'SELECT 1'",
    "create a temporary function for policies": "CREATE OR REPLACE FUNCTION public.tenancy_client() RETURNS uuid LANGUAGE sql AS 'SELECT null::uuid'",
    "create a view": "CREATE VIEW public.planted AS SELECT * FROM people_subject",
    "create a trigger": "CREATE TRIGGER planted BEFORE INSERT ON people_subject EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "create an extension": "DROP EXTENSION plpgsql CASCADE",
    "create a role": "CREATE ROLE planted SUPERUSER",
    "alter a table": "ALTER TABLE people_subject ADD planted int",
    "drop a table": "DROP TABLE people_subject CASCADE",
    "alter a policy": "ALTER POLICY own ON people_subject USING (true)",
    "create a policy": "CREATE POLICY planted ON people_subject USING (true)",
    "drop a policy": "DROP POLICY own ON people_subject",
    "disable the wall": "ALTER TABLE people_subject DISABLE ROW LEVEL SECURITY",
    "loosen the wall": "ALTER TABLE people_subject NO FORCE ROW LEVEL SECURITY",
    "disable a trigger": "ALTER TABLE audit_entry DISABLE TRIGGER append_only",
    "drop a trigger": "DROP TRIGGER append_only ON audit_entry",
    "grant itself": "GRANT DELETE ON people_subject TO paktaleem_app; DELETE FROM people_subject",
    "grant a role": "GRANT paktaleem_owner TO paktaleem_app",
    "become the owner": "SET ROLE paktaleem_owner",
    "become the superuser": "SET ROLE paktaleem_bootstrap",
    "become the backup": "SET ROLE paktaleem_backup",
    "sign in as another": "SET SESSION AUTHORIZATION paktaleem_bootstrap",
    "skip triggers": "SET session_replication_role = replica",
    "rename a constraint away": "ALTER TABLE consent_consent DROP CONSTRAINT consent_one_per_purpose",
    "read another's keys": "SELECT rolpassword FROM pg_authid",
    "read statistics of others": "SELECT * FROM pg_statistic",
    "read a file": "COPY (SELECT 1) TO '/tmp/planted'",
    "run a program": "COPY people_subject FROM PROGRAM 'id'",
    "read a file by function": "SELECT pg_read_file('/etc/passwd')",
    "write a large object": "SELECT lo_import('/etc/passwd')",
    "end the server's processes": "SELECT pg_reload_conf()",
}


def test_the_app_role_may_not(app_of_indus):
    refuse_any((what, outcome(app_of_indus, statement)) for what, statement in FORBIDDEN.items())


def outcome(app_of_indus, statement):
    try:
        with app_of_indus.transaction(force_rollback=True):
            app_of_indus.execute(statement)
    except (REFUSED, errors.InvalidParameterValue):
        return ""
    except DatabaseError as error:
        return f"failed for another reason: {error}"
    return "was carried out"


def test_copy_into_a_tenant_table_is_refused(app_of_indus):
    with (
        pytest.raises(errors.FeatureNotSupported, match="row-level security"),
        app_of_indus.cursor().copy("COPY people_subject (id) FROM STDIN") as copy,
    ):
        copy.write("x\n")


def test_copy_out_of_a_tenant_table_returns_own_rows_only(app_of_indus, people):
    with app_of_indus.cursor().copy("COPY (SELECT client_id FROM people_subject) TO STDOUT") as copy:
        text = b"".join(bytes(part) for part in copy).decode().split()
    assert set(text) == {str(people.client_id("indus"))}


@pytest.mark.parametrize("setting", ["row_security = off", "paktaleem.client = DEFAULT"])
def test_no_setting_disables_tenant_isolation(app_of_indus, setting):
    with pytest.raises(REFUSED, match="row-level security|no client context"):
        app_of_indus.execute(f"SET {setting}")
        rows(app_of_indus, "SELECT * FROM people_subject")


@pytest.mark.parametrize(
    "probe",
    [
        "SELECT 1 / (CASE WHEN external_id = 'lms-kiran' THEN 0 ELSE 1 END) FROM people_subject",
        "SELECT * FROM people_subject WHERE (external_id || 'x')::int = 1 AND external_id = 'lms-kiran'",
        "SELECT * FROM people_subject WHERE 1 / (CASE WHEN external_id = 'lms-kiran' THEN 0 ELSE 1 END) = 1",
        "SELECT count(*) FROM people_subject s WHERE s.external_id ~ 'kiran' AND 1 / (length(s.external_id) - 9) >= 0",
        "SELECT * FROM accounts_client WHERE 1 / (CASE WHEN code = 'khyber' THEN 0 ELSE 1 END) = 1",
    ],
)
def test_an_error_does_not_reveal_hidden_rows(app_of_indus, probe):
    rows(app_of_indus, probe)


def test_the_same_probe_fails_on_a_visible_row(app, people):
    become_client(app, people.client_id("khyber"))
    with pytest.raises(errors.DivisionByZero):
        rows(app, "SELECT * FROM people_subject WHERE 1 / (CASE WHEN external_id = 'lms-kiran' THEN 0 ELSE 1 END) = 1")


def test_a_plan_does_not_count_hidden_rows(app_of_indus, people):
    count = "SELECT count(*) FROM people_subject WHERE client_id = %s"
    assert rows(app_of_indus, count, [people.client_id("khyber")]) == [(0,)]


def test_shared_rows_can_be_read_but_not_written(app_of_indus):
    assert rows(app_of_indus, "SELECT code FROM consent_purpose WHERE client_id = %s AND code = 'support'", [PAKTALEEM])
    written = app_of_indus.execute("UPDATE consent_purpose SET is_active = false WHERE client_id = %s", [PAKTALEEM])
    assert written.rowcount == 0


def test_a_shared_row_cannot_be_inserted(app_of_indus):
    with pytest.raises(REFUSED, match="row-level security"):
        app_of_indus.execute(
            "INSERT INTO consent_datacategory (id, client_id, code, name_en, name_ur)"
            " VALUES (gen_random_uuid(), %s, 'planted', 'x', 'x')",
            [PAKTALEEM],
        )


def test_an_own_row_cannot_become_a_shared_one(app_of_indus):
    with pytest.raises(REFUSED, match="row-level security"):
        app_of_indus.execute("UPDATE consent_purpose SET client_id = %s WHERE code = 'newsletter'", [PAKTALEEM])


def test_the_shared_registers_version_cannot_be_changed(app_of_indus):
    update = "UPDATE consent_registerversion SET version = 0 WHERE client_id = %s"
    assert app_of_indus.execute(update, [PAKTALEEM]).rowcount == 0


def test_membership_in_the_officer_role_alone_shows_no_other_rows(app_of_indus, people):
    assert rows(app_of_indus, "SELECT DISTINCT client_id FROM people_subject") == [(people.client_id("indus"),)]


def test_officers_see_every_client(app, people):
    become_officer(app)
    seen = {client for (client,) in rows(app, "SELECT DISTINCT client_id FROM people_subject")}
    assert seen == {people.client_id("indus"), people.client_id("khyber")}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO consent_datacategory (id, client_id, code, name_en, name_ur) SELECT gen_random_uuid(), client_id, 'x', 'x', 'x' FROM accounts_apikey",
        "UPDATE people_subject SET language = 'ur'",
        "DELETE FROM people_subject",
        "INSERT INTO audit_entry (id, client_id) SELECT id, client_id FROM audit_entry",
        "SELECT wrapped FROM people_subjectkey",
        "SELECT session_data FROM django_session",
        "SELECT id FROM people_subject FOR UPDATE",
        "SELECT * FROM accounts_live_key('', now())",
        "SELECT accounts_all_clients()",
        "CREATE TEMPORARY TABLE planted (id int)",
    ],
)
def test_the_officers_view_only_reads(app, statement):
    become_officer(app)
    with pytest.raises(REFUSED, match="permission denied"):
        app.execute(statement)


def test_the_officer_role_cannot_log_in(people):
    with enter(SUPERUSER) as door:
        assert rows(door, "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'paktaleem_officer'") == [(False,)]


@pytest.mark.parametrize("ending", ["commit", "rollback", "error"])
@pytest.mark.parametrize("context", ["client", "officer"])
def test_a_connection_has_no_context_after_its_transaction(app, people, ending, context):
    become_client(app, people.client_id("indus")) if context == "client" else become_officer(app)
    assert rows(app, "SELECT count(*) FROM people_subject") != [(0,)]
    if ending == "error":
        with pytest.raises(errors.DivisionByZero):
            app.execute("SELECT 1/0")
    app.commit() if ending == "commit" else app.rollback()
    assert rows(app, "SELECT current_user::text") == [(APP,)]
    with pytest.raises(REFUSED, match="no client context"):
        rows(app, "SELECT * FROM people_subject")


def test_a_temporary_table_does_not_shadow_the_look_up_functions(app, people):
    secret, key = b"s" * 32, "ptk_forged"
    app.execute("CREATE TEMPORARY TABLE accounts_apikey (LIKE public.accounts_apikey) ON COMMIT DROP")
    app.execute(
        "INSERT INTO pg_temp.accounts_apikey (id, client_id, name, prefix, digest, is_test, scopes, created_at, expires_at)"
        " VALUES (gen_random_uuid(), %s, 'x', 'x', %s, false, ARRAY['subjects:read'], now() - interval '1 day', now() + interval '1 day')",
        [people.client_id("khyber"), compute_key_digest(key)],
    )
    app.execute("GRANT SELECT ON pg_temp.accounts_apikey TO PUBLIC")
    assert rows(app, "SELECT count(*) FROM accounts_apikey") == [(1,)], "the name is shadowed for the app itself"
    assert rows(app, "SELECT * FROM accounts_live_key(%s, now())", [compute_key_digest(key)]) == []
    of_indus = compute_key_digest(people.key("indus"))
    assert len(rows(app, "SELECT * FROM accounts_live_key(%s, '2026-10-01')", [of_indus])) == 1
    assert secret


def test_a_temporary_table_does_not_stop_the_register_version(app_of_indus):
    version = "SELECT version FROM public.consent_registerversion WHERE client_id = tenancy_client()"
    before = rows(app_of_indus, version)
    copied = "(LIKE public.consent_registerversion INCLUDING ALL)"
    app_of_indus.execute(f"CREATE TEMPORARY TABLE consent_registerversion {copied}")
    app_of_indus.execute("UPDATE consent_purpose SET is_active = false WHERE code = 'newsletter'")
    assert rows(app_of_indus, version) > before


def test_a_look_up_returns_only_the_given_key(app, people):
    assert rows(app, "SELECT * FROM accounts_live_key('', now())") == []
    [(_, client, _, _)] = rows(
        app, "SELECT * FROM accounts_live_key(%s, '2026-10-01')", [compute_key_digest(people.key("khyber"))]
    )
    assert client == people.client_id("khyber")


def test_the_decision_function_refuses_inside_a_context(app_of_indus):
    with pytest.raises(REFUSED, match="already set"):
        rows(app_of_indus, "SELECT consent_decision_facts('', 'x', now())")


@pytest.mark.parametrize("statement", ["UPDATE {} SET client_id = client_id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize(
    "table", ["audit_entry", "consent_noticeversion", "people_historicalsubject", "accounts_historicalapikey"]
)
def test_even_the_owner_cannot_change_evidence(owner, people, table, statement):
    become_client(owner, people.client_id("indus"))
    with pytest.raises(REFUSED, match="evidence"):
        owner.execute(statement.format(table))


def test_the_owner_sees_only_one_client_too(owner, people):
    become_client(owner, people.client_id("khyber"))
    assert rows(owner, "SELECT DISTINCT client_id FROM people_subject") == [(people.client_id("khyber"),)]


@pytest.mark.parametrize("role", [APP, OWNER])
def test_a_database_role_needs_its_password(people, role):
    with pytest.raises(Exception, match="password authentication failed"):
        enter(role, password="wrong")
