-- Refreshes the planner's statistics of people in the middle of a roster import, whose rows autovacuum cannot see
-- before the import commits. Without them the planner takes the client for empty, and each look-up walks through all
-- its people. Called by the app role alone. SECURITY DEFINER, because only the owner may ANALYZE. SKIP_LOCKED,
-- because ANALYZE keeps its lock until the end of the transaction and two clients may import at once.
CREATE OR REPLACE FUNCTION people_refresh_statistics() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    ANALYZE (SKIP_LOCKED) public.people_subject, public.people_subjectkey, public.people_guardianclaim;
END
$$;

REVOKE ALL ON FUNCTION people_refresh_statistics() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION people_refresh_statistics() TO paktaleem_app;
