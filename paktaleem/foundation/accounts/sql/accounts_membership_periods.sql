-- Returns every role that a member of staff has, had or will have, at every client, oldest first. Called by the app role
-- for the copy of a person's data, and to find out whether an account is still needed. SECURITY DEFINER, because the
-- roles may be at other clients than the one whose context is open.
CREATE OR REPLACE FUNCTION accounts_membership_periods(member uuid)
RETURNS TABLE (client_name text, role text, starts_at timestamptz, ends_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT c.name::text, m.role::text, m.starts_at, m.ends_at
    FROM accounts_membership m
    JOIN accounts_client c ON c.id = m.client_id
    WHERE m.user_id = member
    ORDER BY m.starts_at, m.id
$$;

REVOKE ALL ON FUNCTION accounts_membership_periods(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts_membership_periods(uuid) TO paktaleem_app;
