-- Adds the partitions of the decision log for the days (UTC) from the first to the last that are not there yet. Called
-- by the app role alone, ahead of time by the worker, and by a process that logs. SECURITY DEFINER, because only the
-- owner may create a table. Each partition is closed by itself: row-level security without a policy, and no rights. Its
-- rows are reached through the table of all days, whose policies apply.
CREATE OR REPLACE FUNCTION consent_add_log_days(first_day date, last_day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    day date;
    part text;
BEGIN
    FOR day IN SELECT generate_series(first_day, last_day, interval '1 day')::date LOOP
        part := 'consent_loggeddecision_' || to_char(day, 'YYYYMMDD');
        IF to_regclass(part) IS NULL THEN
            PERFORM pg_advisory_xact_lock(hashtextextended('consent_log_days', 0));
        END IF;
        IF to_regclass(part) IS NULL THEN
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF consent_loggeddecision FOR VALUES FROM (%L) TO (%L)',
                part, day || ' 00:00+00', day + 1 || ' 00:00+00');
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
        END IF;
    END LOOP;
END
$$;

REVOKE ALL ON FUNCTION consent_add_log_days(date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION consent_add_log_days(date, date) TO paktaleem_app;
