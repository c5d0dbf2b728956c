-- Trigger function of new people: a person whom staff limited to schools add starts in these schools, until enrolments
-- or the ties of a guardian say where they belong. Refuses schools that anyone else states.
CREATE OR REPLACE FUNCTION school_limits_begin() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    IF NEW.school_ids <> '{}' AND current_user <> 'paktaleem_owner' THEN
        RAISE EXCEPTION 'the schools of a person follow from enrolments only'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF current_user = 'paktaleem_limited' THEN
        NEW.school_ids := tenancy_schools();
    END IF;
    RETURN NEW;
END
$$;
