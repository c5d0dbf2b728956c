-- Trigger function: notes for each restriction or objection that was written that decisions about this person may
-- change. The argument is the kind of the change.
CREATE OR REPLACE FUNCTION consent_note_limits() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    INSERT INTO consent_subjectchange (id, client_id, xact, kind, subject_id, purpose_code, noted_at)
    SELECT gen_random_uuid(), n.client_id, pg_current_xact_id()::text::bigint,
        TG_ARGV[0], n.subject_id, n.purpose_code, statement_timestamp()
    FROM changed n;
    RETURN NULL;
END
$$;
