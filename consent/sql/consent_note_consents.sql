-- Trigger function: notes for each consent that was written that decisions about this person and purpose may change.
CREATE OR REPLACE FUNCTION consent_note_consents() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    INSERT INTO consent_subjectchange (id, client_id, xact, kind, subject_id, purpose_code, noted_at)
    SELECT gen_random_uuid(), n.client_id, pg_current_xact_id()::text::bigint,
        'consent', n.subject_id, p.code, statement_timestamp()
    FROM changed n
    JOIN consent_purpose p ON p.id = n.purpose_id;
    RETURN NULL;
END
$$;
