-- Returns the API key with this digest, its client and scopes and whether it is a sandbox's, if it is valid at the
-- given time; else no row. Called by the app role alone. SECURITY DEFINER, because a key is looked up before its client
-- is known; it is found by the digest of the secret only.
CREATE OR REPLACE FUNCTION accounts_live_key(key_digest bytea, at timestamptz)
RETURNS TABLE (id uuid, client_id uuid, scopes text[], is_test boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT k.id, k.client_id, k.scopes::text[], k.is_test
    FROM accounts_apikey k
    WHERE k.digest = key_digest AND k.revoked_at IS NULL AND k.created_at <= at AND at < k.expires_at
$$;

REVOKE ALL ON FUNCTION accounts_live_key(bytea, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts_live_key(bytea, timestamptz) TO paktaleem_app;
