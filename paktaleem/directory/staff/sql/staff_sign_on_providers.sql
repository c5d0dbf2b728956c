-- Returns the provider of single sign-on in force at each of these clients, and whether passwords give no access there.
-- Called by the app role alone, to find out which memberships a session may use. SECURITY DEFINER, because a user may
-- belong to several clients and none is chosen yet.
CREATE OR REPLACE FUNCTION staff_sign_on_providers(clients uuid[])
RETURNS TABLE (client_id uuid, provider_id uuid, is_required boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT p.client_id, p.id, p.required_at IS NOT NULL
    FROM staff_provider p
    WHERE p.client_id = ANY (clients) AND p.state = 'approved' AND p.ended_at IS NULL
$$;

REVOKE ALL ON FUNCTION staff_sign_on_providers(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION staff_sign_on_providers(uuid[]) TO paktaleem_app;
