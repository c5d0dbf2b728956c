-- Returns the client of the access link with this token digest, or NULL.
-- Called by the app role alone. SECURITY DEFINER, because a link is opened before its client is known; it is found by
-- the digest of its token only.
CREATE OR REPLACE FUNCTION access_links_client_of_link(token_digest bytea) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT l.client_id FROM access_links_pagelink l WHERE l.digest = token_digest
$$;

REVOKE ALL ON FUNCTION access_links_client_of_link(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access_links_client_of_link(bytea) TO paktaleem_app;
