-- Trigger function: notes for each row about a child's guardians that decisions about this child may change. The
-- argument names the column that holds the child.
CREATE OR REPLACE FUNCTION consent_note_children() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    INSERT INTO consent_subjectchange (id, client_id, xact, kind, subject_id, purpose_code, noted_at)
    SELECT gen_random_uuid(), n.client_id, pg_current_xact_id()::text::bigint,
        'guardian', (to_jsonb(n) ->> TG_ARGV[0])::uuid, '', statement_timestamp()
    FROM changed n;
    RETURN NULL;
END
$$;
