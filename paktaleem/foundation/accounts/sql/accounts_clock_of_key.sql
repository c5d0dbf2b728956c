-- Returns how far the clock of a sandbox is ahead, found by the digest of one of its test keys; no row for other
-- keys. Called by the app role alone. SECURITY DEFINER, because a key is looked up before its client is known.
CREATE OR REPLACE FUNCTION accounts_clock_of_key(key_digest bytea) RETURNS interval
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT c.clock_offset
    FROM accounts_apikey k
    JOIN accounts_client c ON c.id = k.client_id AND c.is_sandbox
    WHERE k.digest = key_digest AND k.is_test
$$;

REVOKE ALL ON FUNCTION accounts_clock_of_key(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts_clock_of_key(bytea) TO paktaleem_app;
