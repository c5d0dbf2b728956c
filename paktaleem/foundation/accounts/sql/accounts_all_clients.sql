-- Returns the id of every client, ordered by id. Called by the app role alone, for jobs that visit each client in
-- turn. SECURITY DEFINER, because no client context is open yet and the app sees no client without one.
CREATE OR REPLACE FUNCTION accounts_all_clients() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT c.id FROM accounts_client c ORDER BY c.id
$$;

REVOKE ALL ON FUNCTION accounts_all_clients() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts_all_clients() TO paktaleem_app;
