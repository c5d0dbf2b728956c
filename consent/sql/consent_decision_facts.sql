-- Returns everything that one decision is based on, as JSON text, in one round trip: the API key, its client and
-- scopes, how many seconds the clock of a sandbox is ahead (NULL for other clients), the register's version
-- (consent_register_version) and the person as of now (consent_subject_facts). NULL for an unknown key. Opens the
-- client's context for the rest of the transaction; raises insufficient_privilege if one is open already. Called on the
-- decision path, as the app role.
CREATE OR REPLACE FUNCTION consent_decision_facts(key_digest bytea, person text, now_at timestamptz) RETURNS text
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
        'subject', consent_subject_facts(person, NULL)
    )::text;
END
$$;
