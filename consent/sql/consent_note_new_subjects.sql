-- Trigger function: notes for each new person that decisions about this person may change.
CREATE OR REPLACE FUNCTION consent_note_new_subjects() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    INSERT INTO consent_subjectchange (id, client_id, xact, kind, subject_id, purpose_code, noted_at)
    SELECT gen_random_uuid(), n.client_id, pg_current_xact_id()::text::bigint,
        'subject', n.id, '', statement_timestamp()
    FROM changed n;
    RETURN NULL;
END
$$;
