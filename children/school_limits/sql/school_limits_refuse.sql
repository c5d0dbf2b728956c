-- Trigger function of people: refuses schools that anyone but the owner's functions writes.
CREATE OR REPLACE FUNCTION school_limits_refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    IF current_user <> 'paktaleem_owner' THEN
        RAISE EXCEPTION 'the schools of a person follow from enrolments only'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
