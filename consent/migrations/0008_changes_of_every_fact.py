"""Every fact about a person that a decision reads is noted when it changes: a computed age's threshold and a tombstone too."""

from django.db import migrations

NOTE = """
CREATE OR REPLACE FUNCTION consent_note_subjects() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO consent_subjectchange (id, client_id, xact, kind, subject_id, purpose_code, noted_at)
    SELECT gen_random_uuid(), n.client_id, pg_current_xact_id()::text::bigint, 'subject', n.id, '',
        statement_timestamp()
    FROM changed n JOIN before b ON b.id = n.id
    WHERE ({now}) IS DISTINCT FROM ({then});
    RETURN NULL;
END $$
"""


def note(*columns):
    """Note people of whom one of these columns changed."""
    return NOTE.format(
        now=", ".join(f"n.{column}" for column in columns), then=", ".join(f"b.{column}" for column in columns)
    )


BEFORE = ("role", "of_age_at", "erased_at")
COLUMNS = (*BEFORE, "of_age_threshold", "registered_at", "external_id", "tombstone")


class Migration(migrations.Migration):
    dependencies = [("consent", "0007_of_age_threshold")]
    operations = [migrations.RunSQL(note(*COLUMNS), note(*BEFORE))]
