"""Changes behind the wall, noted by triggers: for each statement of a person's rows, each row of the version."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import TenantIsolation

XACT = "pg_current_xact_id()::text::bigint"
NOTE = (
    "INSERT INTO consent_subjectchange (id, client_id, xact, kind, subject_id, purpose_code, noted_at) "
    "SELECT gen_random_uuid(), n.client_id"
)


def function(name, body):
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$\n"
        f"BEGIN\n{body}\n    RETURN NULL;\nEND $$",
        f"DROP FUNCTION {name}()",
    )


CONSENTS = function(
    "consent_note_consents",
    f"""    {NOTE}, {XACT}, 'consent', n.subject_id, p.code, statement_timestamp()
    FROM changed n JOIN consent_purpose p ON p.id = n.purpose_id;""",
)
LIMITS = function(
    "consent_note_limits",
    f"    {NOTE}, {XACT}, TG_ARGV[0], n.subject_id, n.purpose_code, statement_timestamp() FROM changed n;",
)
NEW_SUBJECTS = function(
    "consent_note_new_subjects",
    f"    {NOTE}, {XACT}, 'subject', n.id, '', statement_timestamp() FROM changed n;",
)
SUBJECTS = function(
    "consent_note_subjects",
    f"""    {NOTE}, {XACT}, 'subject', n.id, '', statement_timestamp()
    FROM changed n JOIN before b ON b.id = n.id
    WHERE (n.role, n.of_age_at, n.erased_at) IS DISTINCT FROM (b.role, b.of_age_at, b.erased_at);""",
)
REGISTER = function(
    "consent_note_register",
    f"""    INSERT INTO consent_registerchange (id, client_id, xact, noted_at)
    VALUES (gen_random_uuid(), NEW.client_id, {XACT}, statement_timestamp())
    ON CONFLICT (client_id, xact) DO NOTHING;""",
)


def noted(table, event, call, old=False):
    """Note the changes that a statement makes in a table."""
    name = f"notes_{event.lower()}"
    before = " OLD TABLE AS before" if old else ""
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING{before} NEW TABLE AS changed "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {call}",
        f"DROP TRIGGER {name} ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("consent", "0005_changes")]
    operations = [
        TenantIsolation("SubjectChange"),
        TenantIsolation("RegisterChange", shared=True),
        *(migrations.RunSQL(sql, back) for sql, back in (CONSENTS, LIMITS, NEW_SUBJECTS, SUBJECTS, REGISTER)),
        noted("consent_consent", "INSERT", "consent_note_consents()"),
        noted("consent_consent", "UPDATE", "consent_note_consents()"),
        noted("consent_restriction", "INSERT", "consent_note_limits('restriction')"),
        noted("consent_restriction", "UPDATE", "consent_note_limits('restriction')"),
        noted("consent_objection", "INSERT", "consent_note_limits('objection')"),
        noted("consent_objection", "UPDATE", "consent_note_limits('objection')"),
        noted("subjects_subject", "INSERT", "consent_note_new_subjects()"),
        noted("subjects_subject", "UPDATE", "consent_note_subjects()", old=True),
        migrations.RunSQL(
            "CREATE TRIGGER notes_register AFTER INSERT OR UPDATE ON consent_registerversion "
            "FOR EACH ROW EXECUTE FUNCTION consent_note_register()",
            "DROP TRIGGER notes_register ON consent_registerversion",
        ),
    ]
