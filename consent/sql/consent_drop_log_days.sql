-- Drops the partitions of the decision log for the days (UTC) before a day, and returns about how many rows they had.
-- Called by the app role alone, from the worker. SECURITY DEFINER, because only the owner may drop a table. It waits
-- two seconds at most for the lock, so that logging goes on; the next run tries again.
CREATE OR REPLACE FUNCTION consent_drop_log_days(before date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    part record;
    gone bigint := 0;
BEGIN
    PERFORM set_config('lock_timeout', '2s', true);
    FOR part IN
        SELECT c.relname, pg_stat_get_live_tuples(c.oid) AS rows
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'consent_loggeddecision'::regclass
            AND c.relname < 'consent_loggeddecision_' || to_char(before, 'YYYYMMDD')
    LOOP
        EXECUTE format('DROP TABLE %I', part.relname);
        gone := gone + part.rows;
    END LOOP;
    RETURN gone;
END
$$;

REVOKE ALL ON FUNCTION consent_drop_log_days(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION consent_drop_log_days(date) TO paktaleem_app;
