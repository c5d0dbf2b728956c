-- Returns everything that a batch of decisions is based on, as JSON text, in one round trip: as
-- consent_decision_facts, with one item of 'subjects' for each person, in the order of the question. NULL for an
-- unknown key. Opens the client's context for the rest of the transaction; raises insufficient_privilege if one is
-- open already. Called on the decision path, as the app role.
CREATE OR REPLACE FUNCTION consent_decisions_facts(key_digest bytea, persons text[], now_at timestamptz) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    key record;
BEGIN
    IF coalesce(current_setting('paktaleem.client', true), '') <> '' THEN
        RAISE EXCEPTION 'a client context is already set' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT * INTO key FROM accounts_live_key(key_digest, now_at);
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('paktaleem.client', key.client_id::text, true);
    RETURN json_build_object(
        'key', key.id,
        'client', key.client_id,
        'scopes', key.scopes,
        'seconds_ahead', CASE WHEN key.is_test THEN extract(epoch FROM tenancy_clock_offset(key.client_id)) END,
        'version', consent_register_version(),
        'subjects', consent_facts_of_many(persons)
    )::text;
END
$$;
