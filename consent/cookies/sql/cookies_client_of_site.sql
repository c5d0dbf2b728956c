-- Returns the id of the client whose site has this public key and is in use, or NULL.
-- Called by the app role alone, for the script that a client's pages include. SECURITY DEFINER, because no client context
-- is open yet; a site is found by its exact key only.
CREATE OR REPLACE FUNCTION cookies_client_of_site(wanted text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT s.client_id FROM cookies_cookiesite s WHERE s.key = wanted AND s.is_active LIMIT 1
$$;

REVOKE ALL ON FUNCTION cookies_client_of_site(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cookies_client_of_site(text) TO paktaleem_app;
