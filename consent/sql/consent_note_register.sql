-- Trigger function: notes once for each transaction that a client's register changed, so that decisions may change.
CREATE OR REPLACE FUNCTION consent_note_register() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    INSERT INTO consent_registerchange (id, client_id, xact, noted_at)
    VALUES (gen_random_uuid(), NEW.client_id, pg_current_xact_id()::text::bigint, statement_timestamp())
    ON CONFLICT (client_id, xact) DO NOTHING;
    RETURN NULL;
END
$$;
