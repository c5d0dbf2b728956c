-- Trigger function: notes, when a guardian is erased, that decisions about each of their children may change.
CREATE OR REPLACE FUNCTION consent_note_erased_guardians() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM changed n JOIN before b ON b.id = n.id WHERE n.erased_at IS DISTINCT FROM b.erased_at
    ) THEN
        RETURN NULL;
    END IF;
    INSERT INTO consent_subjectchange (id, client_id, xact, kind, subject_id, purpose_code, noted_at)
    SELECT gen_random_uuid(), n.client_id, pg_current_xact_id()::text::bigint,
        'guardian', g.child_id, '', statement_timestamp()
    FROM changed n
    JOIN before b ON b.id = n.id
    JOIN guardians_guardianship g ON g.client_id = n.client_id AND g.guardian_id = n.id
    WHERE n.erased_at IS DISTINCT FROM b.erased_at;
    RETURN NULL;
END
$$;
