-- Returns the schools to which this transaction is limited (the setting paktaleem.schools, an array of ids).
-- The policies of the role paktaleem_limited compare people's schools with it. Raises insufficient_privilege if it is
-- not set: a limited role without schools sees nothing rather than everything. Any role may call it.
CREATE OR REPLACE FUNCTION tenancy_schools() RETURNS uuid[]
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    setting text := current_setting('paktaleem.schools', true);
BEGIN
    -- After a local setting has ended, its value is '' rather than NULL.
    IF setting IS NULL OR setting = '' THEN
        RAISE EXCEPTION 'no schools in a limited context' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN setting::uuid[];
END
$$;
