-- Trigger function of the ties between guardians and children: recomputes the schools of the guardians.
-- SECURITY DEFINER, because only the owner may write schools of people.
CREATE OR REPLACE FUNCTION school_limits_of_guardians() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        PERFORM school_limits_recompute(ARRAY(
            SELECT guardian_id FROM written UNION SELECT guardian_id FROM replaced));
    ELSIF TG_OP = 'INSERT' THEN
        PERFORM school_limits_recompute(ARRAY(SELECT DISTINCT guardian_id FROM written));
    ELSE
        PERFORM school_limits_recompute(ARRAY(SELECT DISTINCT guardian_id FROM replaced));
    END IF;
    RETURN NULL;
END
$$;

REVOKE ALL ON FUNCTION school_limits_of_guardians() FROM PUBLIC;
