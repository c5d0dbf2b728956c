-- Queues the given messages for every endpoint that subscribed to them. A delivery is due at once by the machine's
-- clock: in a sandbox whose clock is ahead, the offset is taken off. Called by the functions that write messages.
CREATE OR REPLACE FUNCTION webhooks_deliver(told uuid[]) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp
AS $$
    INSERT INTO webhooks_delivery (id, client_id, endpoint_id, message_id, state, attempts, queued_at, due_at)
    SELECT webhooks_new_id(), m.client_id, e.id, m.id, 'waiting', 0,
        m.happened_at - coalesce(tenancy_clock_offset(m.client_id), make_interval()),
        m.happened_at - coalesce(tenancy_clock_offset(m.client_id), make_interval())
    FROM webhooks_message m
    JOIN webhooks_endpoint e ON e.disabled_at IS NULL
        AND e.created_at <= m.happened_at
        AND e.client_id = m.client_id
        AND e.removed_at IS NULL
        AND e.events && ARRAY[m.type, split_part(m.type, '.', 1) || '.*']::varchar[]
    WHERE m.id = ANY(told)
    ON CONFLICT DO NOTHING
$$;
