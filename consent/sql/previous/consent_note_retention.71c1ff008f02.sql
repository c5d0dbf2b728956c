-- Trigger function: notes for each hold and each ended retention period that was written that decisions about this person
-- may change; a hold of everyone counts as a change of the client's register.
CREATE OR REPLACE FUNCTION consent_note_retention() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    INSERT INTO consent_subjectchange (id, client_id, xact, kind, subject_id, purpose_code, noted_at)
    SELECT gen_random_uuid(), n.client_id, pg_current_xact_id()::text::bigint, 'subject', n.subject_id, '',
        statement_timestamp()
    FROM changed n
    WHERE n.subject_id IS NOT NULL;
    INSERT INTO consent_registerchange (id, client_id, xact, noted_at)
    SELECT DISTINCT ON (n.client_id) gen_random_uuid(), n.client_id, pg_current_xact_id()::text::bigint,
        statement_timestamp()
    FROM changed n
    WHERE n.subject_id IS NULL
    ON CONFLICT (client_id, xact) DO NOTHING;
    RETURN NULL;
END
$$;
