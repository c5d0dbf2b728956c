-- Adds to the decision log of many clients in one round trip. ``counts`` and ``entries`` are JSON arrays, one for each
-- client, or NULL. Opens the context of each client in turn and none at the end; raises insufficient_privilege if one is
-- open already. Called beside the decision path, as the app role. Counts are added in one order, so that two processes
-- that count at once do not wait for each other.
CREATE OR REPLACE FUNCTION consent_log_decisions(clients uuid[], counts text[], entries text[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    one record;
    this_xact bigint := pg_current_xact_id()::text::bigint;
BEGIN
    IF coalesce(current_setting('paktaleem.client', true), '') <> '' THEN
        RAISE EXCEPTION 'a client context is already set' USING ERRCODE = 'insufficient_privilege';
    END IF;
    FOR one IN
        SELECT u.client, u.counted::json AS counted, u.logged::json AS logged
        FROM unnest(clients, counts, entries) AS u (client, counted, logged) ORDER BY u.client
    LOOP
        PERFORM set_config('paktaleem.client', one.client::text, true);
        IF one.counted IS NOT NULL THEN
            INSERT INTO consent_decisioncount AS c (
                id, client_id, hour, key_id, purpose, action, reason, number, xact)
            SELECT u.id, one.client, u.hour, u.key, u.purpose, u.action, u.reason, u.number, this_xact
            FROM json_to_recordset(one.counted) AS u (
                id uuid, hour timestamptz, key uuid, purpose text, action text, reason text, number bigint)
            ORDER BY u.hour, u.key, u.purpose, u.action, u.reason
            ON CONFLICT (client_id, hour, key_id, purpose, action, reason)
            DO UPDATE SET number = c.number + excluded.number, xact = excluded.xact;
        END IF;
        IF one.logged IS NOT NULL THEN
            INSERT INTO consent_loggeddecision (id, client_id, at, key_id, purpose, action, reason, pseudonym, xact)
            SELECT u.id, one.client, u.at, u.key, u.purpose, u.action, u.reason, u.pseudonym, this_xact
            FROM json_to_recordset(one.logged) AS u (
                id uuid, at timestamptz, key uuid, purpose text, action text, reason text, pseudonym uuid);
        END IF;
    END LOOP;
    PERFORM set_config('paktaleem.client', '', true);
END
$$;
