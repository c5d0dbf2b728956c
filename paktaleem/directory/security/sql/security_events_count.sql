-- Counts one refusal of a source in its hour. Called by the app role alone, in an autonomous transaction, in whatever
-- context is open; that context is restored. It writes that one row and reads none, so no context has to be opened in
-- which other rows could be seen. Its commit is not waited for: a crash may lose the counts of a second.
CREATE OR REPLACE FUNCTION security_events_count(
    event_id uuid, owner uuid, act text, weight int, by_kind text, by_id uuid, by_role text, origin text, at timestamptz
) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    outside text := coalesce(current_setting('paktaleem.client', true), '');
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM set_config('paktaleem.client', owner::text, true);
    INSERT INTO security_securityevent AS event
        (id, client_id, kind, severity, happened_at, last_at, actor_kind, actor_id, actor_role, source, hour)
    VALUES (event_id, owner, act, weight, at, at, by_kind, by_id, by_role, origin, date_trunc('hour', at, 'UTC'))
    ON CONFLICT (client_id, kind, source, hour) WHERE entry IS NULL
    DO UPDATE SET count = event.count + 1, last_at = greatest(event.last_at, excluded.last_at);
    PERFORM set_config('paktaleem.client', outside, true);
END
$$;

REVOKE ALL ON FUNCTION security_events_count(uuid, uuid, text, int, text, uuid, text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION security_events_count(uuid, uuid, text, int, text, uuid, text, text, timestamptz) TO paktaleem_app;
