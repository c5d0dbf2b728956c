-- Trigger function: notes for each verification of a guardian that decisions about the child may change.
CREATE OR REPLACE FUNCTION consent_note_verified() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    INSERT INTO consent_subjectchange (id, client_id, xact, kind, subject_id, purpose_code, noted_at)
    SELECT gen_random_uuid(), n.client_id, pg_current_xact_id()::text::bigint,
        'guardian', g.child_id, '', statement_timestamp()
    FROM changed n
    JOIN guardians_guardianship g ON g.client_id = n.client_id AND g.id = n.guardianship_id;
    RETURN NULL;
END
$$;
