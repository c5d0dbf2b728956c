-- Trigger function: raises the register's version of the client whose row was written. The argument names the column
-- that holds the client.
CREATE OR REPLACE FUNCTION consent_raise_register_version() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    owner uuid := (to_jsonb(NEW) ->> TG_ARGV[0])::uuid;
BEGIN
    INSERT INTO consent_registerversion (id, client_id, version) VALUES (owner, owner, 1)
    ON CONFLICT (client_id) DO UPDATE SET version = consent_registerversion.version + 1;
    RETURN NULL;
END
$$;
