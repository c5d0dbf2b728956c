-- Trigger function of the ledger: writes a message for each added entry that is an event (webhooks_events) and that
-- the client subscribed to, and queues it. A shared event of PakTaleem's is written in any case, to be spread to all
-- clients. A message repeats only those facts of the entry that the event lists. Without any endpoint it costs one
-- look at an empty list. SECURITY DEFINER:
-- staff limited to schools add entries too, and see neither endpoints nor messages.
CREATE OR REPLACE FUNCTION webhooks_tell_entries() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    told uuid[];
BEGIN
    IF NOT EXISTS (SELECT FROM webhooks_endpoint WHERE removed_at IS NULL)
        AND NOT EXISTS (SELECT FROM added WHERE client_id = '01900000-0000-7000-8000-000000000001')
    THEN
        RETURN NULL;
    END IF;
    WITH found AS (
        SELECT a.*, k.type, k.facts,
            k.is_shared AND a.client_id = '01900000-0000-7000-8000-000000000001' AS is_shared
        FROM added a
        JOIN webhooks_events() k ON k.kind = a.kind AND (k.about = '' OR k.about = a.body::jsonb #>> '{facts,row}')
    ), written AS (
        INSERT INTO webhooks_message (id, client_id, type, entry_id, subject_id, data, happened_at, is_shared)
        SELECT webhooks_new_id(), f.client_id, f.type, f.id, f.subject_id,
            coalesce((
                SELECT jsonb_object_agg(name, f.body::jsonb #> ARRAY['facts', name])
                FROM unnest(f.facts) name
                WHERE f.body::jsonb #> ARRAY['facts', name] IS NOT NULL
            ), '{}'),
            f.recorded_at, f.is_shared
        FROM found f
        WHERE f.is_shared OR EXISTS (
            SELECT FROM webhooks_endpoint e
            WHERE e.client_id = f.client_id
                AND e.removed_at IS NULL
                AND e.events && ARRAY[f.type, split_part(f.type, '.', 1) || '.*']::varchar[]
        )
        RETURNING id
    )
    SELECT array_agg(id) INTO told FROM written;
    IF told IS NOT NULL THEN
        PERFORM webhooks_deliver(told);
    END IF;
    RETURN NULL;
END
$$;

REVOKE ALL ON FUNCTION webhooks_tell_entries() FROM PUBLIC;
