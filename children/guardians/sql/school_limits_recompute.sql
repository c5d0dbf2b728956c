-- Writes the schools of the given people, and of the guardians of the children among them, to people_subject.
-- A person is in the schools of their enrolments, and in every organisation above these. An enrolment counts unless it
-- ended on or before the first day of the person's latest one: who moves to another school is in that school only. Who
-- has left every class stays in the school of the last one. Guardians are in the schools of their children too; a
-- guardian without a child any more stays in the schools of the last one.
-- No clock: it follows from the rows alone. SECURITY DEFINER and called by triggers only: no other role writes schools.
CREATE OR REPLACE FUNCTION school_limits_recompute(people uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    before text := current_setting('enable_nestloop');
BEGIN
    IF cardinality(people) IS NULL OR cardinality(people) = 0 THEN
        RETURN;
    END IF;
    -- Two transactions that change what one child's schools follow from wait for each other here; what the first
    -- wrote is visible to the next statement of the second.
    -- Guardians, whose rows are written too, are locked in the same order.
    PERFORM FROM people_subject s
    WHERE s.client_id = (SELECT tenancy_client()) AND s.id IN (
        SELECT unnest(people)
        UNION SELECT c.child_id FROM people_guardianclaim c
        WHERE c.client_id = (SELECT tenancy_client()) AND c.guardian_id = ANY(people)
        UNION SELECT g.child_id FROM guardians_guardianship g
        WHERE g.client_id = (SELECT tenancy_client()) AND g.guardian_id = ANY(people)
        UNION SELECT c.guardian_id FROM people_guardianclaim c
        WHERE c.client_id = (SELECT tenancy_client()) AND c.child_id = ANY(people)
        UNION SELECT g.guardian_id FROM guardians_guardianship g
        WHERE g.client_id = (SELECT tenancy_client()) AND g.child_id = ANY(people)
    )
    ORDER BY s.id FOR NO KEY UPDATE;
    -- Planned for each call: the planner takes the people of an import for a few, and would join them one by one.
    PERFORM set_config('enable_nestloop', CASE WHEN cardinality(people) > 1000 THEN 'off' ELSE before END, true);
    EXECUTE $recompute$
    WITH RECURSIVE ties AS NOT MATERIALIZED (
        SELECT c.guardian_id, c.child_id, c.ends_at FROM people_guardianclaim c
        WHERE c.client_id = (SELECT tenancy_client())
        UNION ALL SELECT g.guardian_id, g.child_id, g.ends_at FROM guardians_guardianship g
        WHERE g.client_id = (SELECT tenancy_client())
    ), concerned AS (
        SELECT unnest($1) AS id
        UNION SELECT t.guardian_id FROM ties t WHERE t.child_id = ANY($1)
    ), attending AS (
        SELECT c.id, c.id AS pupil_id FROM concerned c
        UNION SELECT id, child_id FROM (
            SELECT c.id, t.child_id, t.ends_at,
                bool_or(t.ends_at IS NULL) OVER guardian AS has_child, max(t.ends_at) OVER guardian AS last_at
            FROM concerned c JOIN ties t ON t.guardian_id = c.id WINDOW guardian AS (PARTITION BY c.id)
        ) tied
        WHERE ends_at IS NULL OR NOT has_child AND ends_at = last_at
    ), periods AS (
        SELECT a.pupil_id, k.school_id, e.starts_on, e.ends_on, e.ended_at IS NULL AS is_open,
            max(e.starts_on) FILTER (WHERE e.ended_at IS NULL) OVER pupil AS latest_on,
            max(e.ends_on) OVER pupil AS left_on
        FROM (SELECT DISTINCT pupil_id FROM attending) a
        JOIN schools_enrolment e ON e.client_id = (SELECT tenancy_client()) AND e.subject_id = a.pupil_id
        JOIN schools_schoolclass k ON k.client_id = e.client_id AND k.id = e.school_class_id
        WHERE k.school_id IS NOT NULL
        WINDOW pupil AS (PARTITION BY a.pupil_id)
    ), attended AS (
        SELECT pupil_id, school_id FROM periods
        WHERE is_open AND (ends_on IS NULL OR ends_on > latest_on OR starts_on = latest_on)
            OR latest_on IS NULL AND ends_on = left_on
        UNION
        SELECT a.pupil_id, o.parent_id FROM attended a JOIN schools_school o ON o.id = a.school_id
        WHERE o.parent_id IS NOT NULL
    ), found AS (
        SELECT c.id, coalesce(
            array_agg(DISTINCT a.school_id ORDER BY a.school_id) FILTER (WHERE a.school_id IS NOT NULL), '{}'
        ) AS school_ids
        FROM concerned c JOIN attending s ON s.id = c.id LEFT JOIN attended a ON a.pupil_id = s.pupil_id
        GROUP BY c.id
    )
    UPDATE people_subject s SET school_ids = f.school_ids
    FROM found f
    WHERE s.client_id = (SELECT tenancy_client()) AND s.id = f.id AND s.school_ids <> f.school_ids
    $recompute$ USING people;
    PERFORM set_config('enable_nestloop', before, true);
END
$$;

REVOKE ALL ON FUNCTION school_limits_recompute(uuid[]) FROM PUBLIC;
