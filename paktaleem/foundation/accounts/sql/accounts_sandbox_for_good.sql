-- Trigger function: refuses to make a client a sandbox, or a sandbox an ordinary client, after registration.
CREATE OR REPLACE FUNCTION accounts_sandbox_for_good() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'a client is a sandbox from its registration on, or never'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'client_sandbox_is_for_good';
END
$$;
