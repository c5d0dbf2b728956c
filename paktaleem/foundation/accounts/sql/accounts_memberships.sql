-- Returns the memberships of an active user that are valid at the given time: PakTaleem's first, then by client name.
-- Called by the app role alone, at sign-in and to choose a client. SECURITY DEFINER, because a user may belong to
-- several clients and none is chosen yet.
CREATE OR REPLACE FUNCTION accounts_memberships(member uuid, at timestamptz)
RETURNS TABLE (id uuid, client_id uuid, client_name text, role text, time_zone text, school_ids uuid[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT m.id, m.client_id, c.name::text, m.role::text, c.time_zone::text, m.school_ids
    FROM accounts_membership m
    JOIN accounts_client c ON c.id = m.client_id
    JOIN accounts_user u ON u.id = m.user_id
    WHERE m.user_id = member AND u.is_active AND m.starts_at <= at AND (m.ends_at IS NULL OR m.ends_at > at)
      AND m.suspended_at IS NULL
    ORDER BY c.id <> '01900000-0000-7000-8000-000000000001', c.name, m.id
$$;

REVOKE ALL ON FUNCTION accounts_memberships(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts_memberships(uuid, timestamptz) TO paktaleem_app, paktaleem_limited;
