"""Decisions are told of guardians and quarantine, in the same round trip; and every change of those is noted.

Only where the age is not known to be over: for adults the moment written is that of ``LONG_AGO``, and nothing is read.
"""

from django.db import migrations

ONE = "consent_subject_facts(text, timestamptz, bytea)"
MANY = "consent_facts_of_many(text[])"
ADULT = "timestamptz '1970-01-01 00:00:00+00'"


def rewritten(function, before, after):
    """Replace a piece of a function; the rest of it stays as it is."""
    return f"""
    DO $change$
    DECLARE written text := pg_get_functiondef('{function}'::regprocedure);
    BEGIN
        IF position($before${before}$before$ IN written) = 0 THEN
            RAISE EXCEPTION '{function} is not as it was';
        END IF;
        EXECUTE replace(written, $before${before}$before$, $after${after}$after$);
    END $change$"""


def reads(function, row, past):
    """Read the guardians of a person along."""
    before = f"'of_age_at', {row}.of_age_at,"
    facts = f"CASE WHEN {row}.of_age_at IS DISTINCT FROM {ADULT} THEN children_facts({row}.id, {past}) END"
    after = f"{before} 'child', {facts},"
    return migrations.RunSQL(rewritten(function, before, after), rewritten(function, after, before))


XACT = "pg_current_xact_id()::text::bigint"
NOTE = "INSERT INTO consent_subjectchange (id, client_id, xact, kind, subject_id, purpose_code, noted_at)"

CHILDREN = f"""
CREATE FUNCTION consent_note_children() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    {NOTE}
    SELECT gen_random_uuid(), n.client_id, {XACT}, 'guardian', (to_jsonb(n) ->> TG_ARGV[0])::uuid, '',
        statement_timestamp()
    FROM changed n;
    RETURN NULL;
END $$
"""
VERIFIED = f"""
CREATE FUNCTION consent_note_verified() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    {NOTE}
    SELECT gen_random_uuid(), n.client_id, {XACT}, 'guardian', g.child_id, '', statement_timestamp()
    FROM changed n JOIN children_guardianship g ON g.client_id = n.client_id AND g.id = n.guardianship_id;
    RETURN NULL;
END $$
"""
ERASED = f"""
CREATE FUNCTION consent_note_erased_guardians() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM changed n JOIN before b ON b.id = n.id WHERE n.erased_at IS DISTINCT FROM b.erased_at) THEN
        RETURN NULL;
    END IF;
    {NOTE}
    SELECT gen_random_uuid(), n.client_id, {XACT}, 'guardian', g.child_id, '', statement_timestamp()
    FROM changed n JOIN before b ON b.id = n.id
    JOIN children_guardianship g ON g.client_id = n.client_id AND g.guardian_id = n.id
    WHERE n.erased_at IS DISTINCT FROM b.erased_at;
    RETURN NULL;
END $$
"""


def noted(table, event, call, name="notes", old=False):
    """Note the changes that a statement makes in a table."""
    name, before = f"{name}_{event.lower()}", " OLD TABLE AS before" if old else ""
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING{before} NEW TABLE AS changed "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {call}",
        f"DROP TRIGGER {name} ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("consent", "0020_guardian_beside_consent"), ("children", "0002_wall")]
    operations = [
        reads(ONE, "who", "asked_at"),
        reads(MANY, "s", "NULL"),
        migrations.RunSQL(CHILDREN, "DROP FUNCTION consent_note_children()"),
        migrations.RunSQL(VERIFIED, "DROP FUNCTION consent_note_verified()"),
        migrations.RunSQL(ERASED, "DROP FUNCTION consent_note_erased_guardians()"),
        *(
            noted(f"children_{table}", event, f"consent_note_children('{column}')")
            for table, column, events in (
                ("guardianship", "child_id", ("INSERT", "UPDATE")),
                ("serviceauthorisation", "child_id", ("INSERT",)),
                ("quarantine", "subject_id", ("INSERT", "UPDATE")),
            )
            for event in events
        ),
        noted("children_verification", "INSERT", "consent_note_verified()"),
        noted("children_verification", "UPDATE", "consent_note_verified()"),
        noted("subjects_subject", "UPDATE", "consent_note_erased_guardians()", name="notes_erased", old=True),
    ]
