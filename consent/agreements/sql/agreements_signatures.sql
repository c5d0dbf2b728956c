-- Returns the agreements that a member of staff signed, of every client, oldest first, with the time at which each ends
-- (NULL: in force without an end). Called by the app role for the copy of a person's data, and to find out whether their
-- name must be kept. SECURITY DEFINER, because the agreements belong to other clients than the one whose context is open.
CREATE OR REPLACE FUNCTION agreements_signatures(member uuid)
RETURNS TABLE (client_name text, reference text, signed_at timestamptz, ends_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT c.name::text, a.reference::text,
        CASE WHEN s.requested_by = member THEN s.requested_at ELSE s.settled_at END,
        coalesce(a.exit_until, a.ends_at)
    FROM agreements_agreementsigning s
    JOIN consent_serviceagreement a ON a.client_id = s.client_id AND a.id = s.agreement_id
    JOIN accounts_client c ON c.id = s.client_id
    WHERE s.state = 'approved' AND member IN (s.requested_by, s.settled_by)
    ORDER BY 3, a.id
$$;

REVOKE ALL ON FUNCTION agreements_signatures(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION agreements_signatures(uuid) TO paktaleem_app;
