-- Returns a new UUIDv7 (RFC 9562 §5.7), which sorts by the time at which it was made, as paktaleem.tenancy.ids.new_id
-- does.
CREATE OR REPLACE FUNCTION webhooks_new_id() RETURNS uuid
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
        52, 1), 53, 1), 'hex')::uuid
$$;
