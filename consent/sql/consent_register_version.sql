-- Returns the versions of two registers: the current client's own and PakTaleem's catalogue; 0 where nothing was
-- recorded. A process that remembers the register drops it when one of the two has changed. Called within a client's
-- context.
CREATE OR REPLACE FUNCTION consent_register_version() RETURNS bigint[]
LANGUAGE sql STABLE
AS $$
    SELECT ARRAY[
        coalesce((SELECT version FROM consent_registerversion WHERE client_id = tenancy_client()), 0),
        coalesce((
            SELECT version FROM consent_registerversion WHERE client_id = '01900000-0000-7000-8000-000000000001'
        ), 0)
    ]
$$;
