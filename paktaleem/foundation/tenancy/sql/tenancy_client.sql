-- Returns the client whose rows this transaction may see (the setting paktaleem.client).
-- Every policy of row-level security compares a row's client with it. Raises insufficient_privilege without a client.
-- Any role may call it.
CREATE OR REPLACE FUNCTION tenancy_client() RETURNS uuid
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    setting text := current_setting('paktaleem.client', true);
BEGIN
    -- After a local setting has ended, its value is '' rather than NULL.
    IF setting IS NULL OR setting = '' THEN
        RAISE EXCEPTION 'no client context' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN setting::uuid;
END
$$;
