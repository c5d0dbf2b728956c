-- Trigger function of consent_registerchange: writes one decision.invalidated message without a person for each
-- client whose register changed, and queues it. A change of PakTaleem's catalogue concerns every client and is
-- shared.
CREATE OR REPLACE FUNCTION webhooks_tell_register() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    told uuid[];
BEGIN
    WITH written AS (
        INSERT INTO webhooks_message (id, client_id, type, data, happened_at, is_shared)
        SELECT webhooks_new_id(), a.client_id, 'decision.invalidated', '{}', max(a.noted_at),
            a.client_id = '01900000-0000-7000-8000-000000000001'
        FROM added a
        WHERE a.client_id = '01900000-0000-7000-8000-000000000001' OR EXISTS (
            SELECT FROM webhooks_endpoint e
            WHERE e.client_id = a.client_id
                AND e.removed_at IS NULL
                AND e.events && ARRAY['decision.invalidated', 'decision.*']::varchar[]
        )
        GROUP BY a.client_id
        RETURNING id
    )
    SELECT array_agg(id) INTO told FROM written;
    IF told IS NOT NULL THEN
        PERFORM webhooks_deliver(told);
    END IF;
    RETURN NULL;
END
$$;
