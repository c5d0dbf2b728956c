-- Trigger function of consent_subjectchange: writes decision.invalidated messages for the people whom the noted
-- changes concern, one for each person and purpose, and queues them. More than 20 for a client become one without a
-- person: its receiver drops everything it remembers. SECURITY DEFINER:
-- staff limited to schools cause changes too, and see neither endpoints nor messages.
CREATE OR REPLACE FUNCTION webhooks_tell_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    told uuid[];
BEGIN
    IF NOT EXISTS (SELECT FROM added) OR NOT EXISTS (
        SELECT FROM webhooks_endpoint e
        WHERE e.removed_at IS NULL AND e.events && ARRAY['decision.invalidated', 'decision.*']::varchar[]
    ) THEN
        RETURN NULL;
    END IF;
    WITH changed AS (
        SELECT a.client_id, a.subject_id, a.purpose_code, max(a.noted_at) AS noted_at
        FROM added a
        GROUP BY a.client_id, a.subject_id, a.purpose_code
    ), counted AS (
        SELECT c.*, count(*) OVER (PARTITION BY c.client_id) <= 20 AS few FROM changed c
    ), listed AS (
        SELECT client_id, subject_id, purpose_code, noted_at FROM counted WHERE few
        UNION ALL
        SELECT client_id, NULL, '', max(noted_at) FROM counted WHERE NOT few GROUP BY client_id
    ), written AS (
        INSERT INTO webhooks_message (id, client_id, type, subject_id, data, happened_at, is_shared)
        SELECT webhooks_new_id(), l.client_id, 'decision.invalidated', l.subject_id,
            CASE WHEN l.purpose_code = '' THEN '{}'::jsonb ELSE jsonb_build_object('purpose', l.purpose_code) END,
            l.noted_at, false
        FROM listed l
        WHERE EXISTS (
            SELECT FROM webhooks_endpoint e
            WHERE e.client_id = l.client_id
                AND e.removed_at IS NULL
                AND e.events && ARRAY['decision.invalidated', 'decision.*']::varchar[]
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

REVOKE ALL ON FUNCTION webhooks_tell_changes() FROM PUBLIC;
