-- Trigger function of people: only functions of the owner state schools. A person whom staff limited to schools add
-- starts in these schools and in every organisation above them, until enrolments or the ties of a guardian say where
-- they belong.
CREATE OR REPLACE FUNCTION school_limits_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    IF (TG_OP = 'UPDATE' OR NEW.school_ids <> '{}') AND current_user <> 'paktaleem_owner' THEN
        RAISE EXCEPTION 'the schools of a person follow from enrolments only'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'INSERT' AND current_user = 'paktaleem_limited' THEN
        WITH RECURSIVE above AS (
            SELECT unnest(tenancy_schools()) AS id
            UNION SELECT s.parent_id FROM above a JOIN schools_school s ON s.id = a.id WHERE s.parent_id IS NOT NULL
        )
        SELECT array_agg(id ORDER BY id) INTO NEW.school_ids FROM above;
    END IF;
    RETURN NEW;
END
$$;
