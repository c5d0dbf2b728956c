-- Returns the roles that a member of staff has at the given time, or that were proposed for them, at every client,
-- whether or not the account is enabled. Called by the app role to decide whether an act on the account takes two
-- people. SECURITY DEFINER, because the roles may be at other clients than the one whose context is open.
CREATE OR REPLACE FUNCTION accounts_staff_roles(member uuid, at timestamptz)
RETURNS TABLE (role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT m.role::text FROM accounts_membership m
    WHERE m.user_id = member AND (m.ends_at IS NULL OR m.ends_at > at)
    UNION
    SELECT c.role::text FROM accounts_staffchange c
    WHERE c.user_id = member AND c.state = 'waiting' AND c.role <> ''
$$;

REVOKE ALL ON FUNCTION accounts_staff_roles(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts_staff_roles(uuid, timestamptz) TO paktaleem_app, paktaleem_limited;
