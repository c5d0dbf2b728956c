-- Returns the id of the client with this code, or NULL.
-- Called by the app role alone, for public pages whose address names the client. SECURITY DEFINER, because no client
-- context is open yet; a client is found by its exact code only.
CREATE OR REPLACE FUNCTION accounts_client_with_code(wanted text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT c.id FROM accounts_client c WHERE c.code = wanted
$$;

REVOKE ALL ON FUNCTION accounts_client_with_code(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts_client_with_code(text) TO paktaleem_app;
