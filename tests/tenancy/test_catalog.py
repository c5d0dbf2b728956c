# ruff: noqa: E501 -- SQL and tables read better in one line; long statements in tables
"""Tenant isolation as described by the database's catalogs; each kind of gap is detected."""

import pytest

from tests.tenancy.catalog import CHECKS, findings

PLANTED = """
an undeclared table | CREATE TABLE planted (id uuid PRIMARY KEY) | planted: nobody says
a partitioned table | CREATE TABLE planted (id uuid) PARTITION BY HASH (id) | planted: nobody says
an heir | CREATE TABLE planted () INHERITS (people_subject) | planted: inherits rows
an open day of the log | SELECT consent_add_log_days('2026-01-01', '2026-01-01'); ALTER TABLE consent_loggeddecision_20260101 DISABLE ROW LEVEL SECURITY | consent_loggeddecision_20260101: inherits rows
a day with a policy | SELECT consent_add_log_days('2026-01-01', '2026-01-01'); CREATE POLICY own ON consent_loggeddecision_20260101 USING (true) | consent_loggeddecision_20260101: inherits rows
security off | ALTER TABLE people_subject DISABLE ROW LEVEL SECURITY | people_subject: row-level security is off
not forced | ALTER TABLE people_subject NO FORCE ROW LEVEL SECURITY | people_subject: row-level security is not forced
client may be null | ALTER TABLE consent_consent ALTER client_id DROP NOT NULL | consent_consent: client_id may be null
history's client may be null | ALTER TABLE consent_historicalpurpose ALTER client_id DROP NOT NULL | consent_historicalpurpose: client_id may be null
one policy more | CREATE POLICY extra ON audit_entry TO paktaleem_app USING (true) | audit_entry: policy extra
one policy less | DROP POLICY own ON audit_entry | audit_entry: policy own
a wider policy | ALTER POLICY own ON audit_entry USING (true) | audit_entry: policy own
a policy for all | ALTER POLICY officer ON audit_entry TO PUBLIC | audit_entry: policy officer
writing the shared rows | ALTER POLICY own ON consent_purpose WITH CHECK (true) | consent_purpose: policy own
a global unique key | CREATE UNIQUE INDEX planted ON people_subject (email_index) | the unique key planted
a unique constraint the wrong way round | ALTER TABLE people_subject ADD CONSTRAINT planted UNIQUE (external_id, client_id) | the unique key planted
a plain foreign key | ALTER TABLE consent_restriction ADD CONSTRAINT planted FOREIGN KEY (subject_id) REFERENCES people_subject NOT VALID | consent_restriction: planted does not carry the client
a deferrable foreign key | ALTER TABLE consent_restriction ADD CONSTRAINT planted FOREIGN KEY (client_id, subject_id) REFERENCES people_subject (client_id, id) DEFERRABLE NOT VALID | consent_restriction: planted is deferrable
a missing foreign key | ALTER TABLE consent_restriction DROP CONSTRAINT consent_restriction_subject_id_same_client | consent_restriction: subject_id is not tied to people_subject
a free owner | ALTER TABLE consent_consentevent DROP CONSTRAINT consent_consentevent_notice_version_id_same_client_owner | lets notice_version_owner be any client
a right to delete | GRANT DELETE ON people_subject TO paktaleem_app | people_subject: paktaleem_app may DELETE
a right to truncate | GRANT TRUNCATE ON django_session TO paktaleem_app | django_session: paktaleem_app may TRUNCATE
a right on evidence | GRANT UPDATE ON audit_entry TO paktaleem_app | audit_entry: paktaleem_app may UPDATE
keys for officers | GRANT SELECT ON people_subjectkey TO paktaleem_officer | people_subjectkey: paktaleem_officer may SELECT
an officer who writes | GRANT INSERT ON consent_consent TO paktaleem_officer | consent_consent: paktaleem_officer may INSERT
a missing right | REVOKE INSERT ON audit_entry FROM paktaleem_app | audit_entry: paktaleem_app may not INSERT
open to everybody | GRANT SELECT ON accounts_user TO PUBLIC | accounts_user: everybody may SELECT
a right on a column | GRANT UPDATE (body) ON audit_entry TO paktaleem_app | audit_entry: body has rights
an app that owns | ALTER TABLE consent_consent OWNER TO paktaleem_app | paktaleem_app: owns table consent_consent
an app that bypasses | ALTER ROLE paktaleem_app BYPASSRLS | paktaleem_app: has powers
an owner that bypasses | ALTER ROLE paktaleem_owner SUPERUSER | paktaleem_owner: has powers
an app that creates | GRANT CREATE ON SCHEMA public TO paktaleem_app | paktaleem_app: may create in public
an app with schemas | GRANT CREATE ON DATABASE {database} TO paktaleem_app | paktaleem_app: may create schemas
an officer with temporary tables | GRANT TEMP ON DATABASE {database} TO paktaleem_officer | paktaleem_officer: may create schemas
an inherited officer | GRANT paktaleem_officer TO paktaleem_app WITH INHERIT TRUE | a member of paktaleem_officer otherwise
an app that reads all | GRANT pg_read_all_data TO paktaleem_app | a member of pg_read_all_data otherwise
an unlisted look-up | CREATE FUNCTION planted() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1' | planted: runs with its owner's rights
an unpinned look-up | ALTER FUNCTION accounts_live_key RESET search_path | accounts_live_key: owner paktaleem_owner, settings None
a look-up for all | GRANT EXECUTE ON FUNCTION accounts_live_key TO PUBLIC | accounts_live_key: may be called by
a rule | CREATE RULE planted AS ON UPDATE TO audit_entry DO INSTEAD NOTHING | audit_entry: the rule planted
a view | CREATE VIEW planted AS SELECT * FROM people_subject | planted: a view without security_invoker
a materialized view | CREATE MATERIALIZED VIEW planted AS SELECT 1 AS one | planted: a materialized view
evidence without a trigger | DROP TRIGGER append_only ON audit_entry | audit_entry: evidence without the trigger append_only
a trigger put to sleep | ALTER TABLE consent_consentevent DISABLE TRIGGER append_only_table | consent_consentevent: evidence without the trigger append_only_table
history without a trigger | DROP TRIGGER append_only ON accounts_historicalmembership | accounts_historicalmembership: evidence without the trigger append_only
""".strip().splitlines()
"""Names of faults, the statement that plants each, and the beginning of the finding."""


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_database_has_no_gap_in_tenant_isolation(owner, check):
    assert list(check(owner)) == []


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.partition(" |")[0])
def test_each_planted_gap_is_detected(bootstrap, planted):
    _name, fault, finding = planted.split(" | ")
    [(database,)] = bootstrap.execute("SELECT current_database()").fetchall()
    bootstrap.execute(fault.format(database=database))
    found = findings(bootstrap)
    assert [line for line in found if finding in line], found


def test_a_view_with_security_invoker_is_allowed(bootstrap):
    bootstrap.execute("CREATE VIEW planted WITH (security_invoker = true) AS SELECT * FROM people_subject")
    assert findings(bootstrap) == []
