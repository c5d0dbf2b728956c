-- Refreshes the planner's statistics of schools and classes in the middle of a roster import, whose rows autovacuum
-- cannot see before the import commits. Without them the planner takes the client for empty, and each look-up walks
-- through all its classes. Called by the app role alone. SECURITY DEFINER, because only the owner may ANALYZE.
-- SKIP_LOCKED, because ANALYZE keeps its lock until the end of the transaction and two clients may import at once.
CREATE OR REPLACE FUNCTION schools_refresh_statistics() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    ANALYZE (SKIP_LOCKED) public.schools_school, public.schools_term, public.schools_schoolclass,
        public.schools_classterm, public.schools_enrolment;
END
$$;

REVOKE ALL ON FUNCTION schools_refresh_statistics() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION schools_refresh_statistics() TO paktaleem_app;
