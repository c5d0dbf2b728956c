-- Trigger function of memberships and changes of staff: refuses a limit that names a school of no or another client.
-- A school that has ended may be named: people who left stay with their last school.
CREATE OR REPLACE FUNCTION school_limits_check_names() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    IF EXISTS (
        SELECT unnest(NEW.school_ids) EXCEPT SELECT s.id FROM schools_school s WHERE s.client_id = NEW.client_id
    ) THEN
        RAISE EXCEPTION 'a limit names schools of the client only'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'limit_names_schools_of_client';
    END IF;
    RETURN NEW;
END
$$;
