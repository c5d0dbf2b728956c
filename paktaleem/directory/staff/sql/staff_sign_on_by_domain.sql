-- Returns the code and name of each client whose provider of single sign-on is in force for an email domain.
-- Called by the app role alone, on the sign-in page. SECURITY DEFINER, because no client context is open yet; it tells
-- which institutions use single sign-on for a domain, and nothing about their staff.
CREATE OR REPLACE FUNCTION staff_sign_on_by_domain(wanted text)
RETURNS TABLE (code text, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT c.code::text, c.name::text
    FROM staff_provider p
    JOIN accounts_client c ON c.id = p.client_id
    WHERE p.state = 'approved' AND p.ended_at IS NULL AND wanted = ANY (p.domains)
    ORDER BY c.name, c.code
$$;

REVOKE ALL ON FUNCTION staff_sign_on_by_domain(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION staff_sign_on_by_domain(text) TO paktaleem_app;
