-- Trigger function of schools and classes: recomputes the schools of everyone enrolled in a class that moved to another
-- school, or in a class of a school that moved to another organisation. SECURITY DEFINER, because only the owner may
-- write schools of people.
CREATE OR REPLACE FUNCTION school_limits_of_schools() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    moved uuid[];
BEGIN
    IF TG_TABLE_NAME = 'schools_schoolclass' THEN
        moved := ARRAY(SELECT w.id FROM written w JOIN replaced r USING (id)
            WHERE w.school_id IS DISTINCT FROM r.school_id);
    ELSE
        moved := ARRAY(
            WITH RECURSIVE below AS (
                SELECT w.id FROM written w JOIN replaced r USING (id) WHERE w.parent_id IS DISTINCT FROM r.parent_id
                UNION SELECT o.id FROM below b JOIN schools_school o ON o.parent_id = b.id
            )
            SELECT k.id FROM schools_schoolclass k JOIN below b ON b.id = k.school_id);
    END IF;
    PERFORM school_limits_recompute(ARRAY(
        SELECT DISTINCT e.subject_id FROM schools_enrolment e
        WHERE e.client_id = (SELECT tenancy_client()) AND e.school_class_id = ANY(moved)));
    RETURN NULL;
END
$$;

REVOKE ALL ON FUNCTION school_limits_of_schools() FROM PUBLIC;
