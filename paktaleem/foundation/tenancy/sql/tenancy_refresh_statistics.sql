-- Refreshes the planner's statistics of tables: in the middle of a roster import, whose rows autovacuum cannot see
-- before the import commits, and each night, because statistics keep samples of values that were erased since.
-- Called by the app role alone. SECURITY DEFINER, because only the owner may ANALYZE. SKIP_LOCKED, because ANALYZE
-- keeps its lock until the end of the transaction and two clients may import at once.
CREATE OR REPLACE FUNCTION tenancy_refresh_statistics(tables text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY tables LOOP
        EXECUTE format('ANALYZE (SKIP_LOCKED) public.%I', name);
    END LOOP;
END
$$;

REVOKE ALL ON FUNCTION tenancy_refresh_statistics(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenancy_refresh_statistics(text[]) TO paktaleem_app;
