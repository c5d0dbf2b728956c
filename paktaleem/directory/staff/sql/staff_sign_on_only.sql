-- Returns true if every membership that a user has at the given time is at a client that requires single sign-on, and
-- there is one. Called by the app role alone, at sign-in, after the password was found to be right. SECURITY DEFINER,
-- because a user may belong to several clients and none is chosen yet.
CREATE OR REPLACE FUNCTION staff_sign_on_only(member uuid, at timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT coalesce(bool_and(EXISTS (
        SELECT FROM staff_provider p
        WHERE p.client_id = m.client_id AND p.state = 'approved' AND p.ended_at IS NULL AND p.required_at IS NOT NULL
    )), false)
    FROM accounts_membership m
    WHERE m.user_id = member AND m.starts_at <= at AND (m.ends_at IS NULL OR m.ends_at > at) AND m.suspended_at IS NULL
$$;

REVOKE ALL ON FUNCTION staff_sign_on_only(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION staff_sign_on_only(uuid, timestamptz) TO paktaleem_app;
