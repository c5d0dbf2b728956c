-- Adds counts of decisions of many clients in one round trip, and returns the clients that log every decision. ``counts``
-- are JSON arrays, one for each client. Opens the context of each client in turn, the last one for the rest of the
-- transaction; raises insufficient_privilege if one is open already. Called beside the decision path, as the app role.
CREATE OR REPLACE FUNCTION consent_count_decisions(clients uuid[], counts text[]) RETURNS SETOF uuid
LANGUAGE plpgsql
AS $$
DECLARE
    one record;
    logged text;
BEGIN
    IF coalesce(current_setting('paktaleem.client', true), '') <> '' THEN
        RAISE EXCEPTION 'a client context is already set' USING ERRCODE = 'insufficient_privilege';
    END IF;
    FOR one IN SELECT u.client, u.counted FROM unnest(clients, counts) AS u (client, counted) ORDER BY u.client LOOP
        PERFORM set_config('paktaleem.client', one.client::text, true);
        SELECT s.mode INTO logged FROM consent_decisionlogsetting s WHERE s.client_id = one.client;
        CONTINUE WHEN logged = 'off';
        INSERT INTO consent_decisioncount AS c (id, client_id, hour, key_id, purpose, action, reason, number, xact)
        SELECT u.id, one.client, u.hour, u.key, u.purpose, u.action, u.reason, u.number,
            pg_current_xact_id()::text::bigint
        FROM json_to_recordset(one.counted::json) AS u (
            id uuid, hour timestamptz, key uuid, purpose text, action text, reason text, number bigint)
        ON CONFLICT (client_id, hour, key_id, purpose, action, reason)
        DO UPDATE SET number = c.number + excluded.number, xact = excluded.xact;
        IF logged = 'every' THEN
            RETURN NEXT one.client;
        END IF;
    END LOOP;
END
$$;
