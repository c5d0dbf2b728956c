-- Returns the holdings of a client that may be disposed of at a time, of the people after "low" up to "high" (NULL: no
-- limit): due for every purpose, not used after the trigger, covered by no hold, and by no restriction of processing in
-- force for one of its purposes: a person who restricts wants the data kept (GDPR Art. 18(1)). "rule_id" is the rule that keeps
-- the data longest; it says how the data is disposed of. "used_at" is the last collection or use. People who are or
-- were erased are left out: their erasure covers the data. The holds of a holding are read only if the client has a hold
-- of its person or of everyone, or if the person has linked records, since a call for each row is slow. Called by services within a client's context.
CREATE OR REPLACE FUNCTION disposals_due(owner uuid, low uuid, high uuid, moment timestamptz) RETURNS TABLE (
    holding_id uuid, subject_id uuid, category text, system_id uuid, used_at timestamptz, due_at timestamptz,
    rule_id uuid, action text, method text, is_automatic boolean, purposes text[]
)
LANGUAGE sql STABLE
AS $$
    SELECT d.holding_id, d.subject_id, d.category, d.system_id, d.used_at, d.due_at, d.rule_id, r.action, r.method,
        r.is_automatic, d.purposes
    FROM (
        SELECT l.holding_id, l.subject_id, l.category, l.system_id, l.used_at, max(l.due_at) AS due_at,
            (array_agg(l.rule_id ORDER BY l.due_at DESC, l.purpose DESC))[1] AS rule_id,
            array_agg(l.purpose) FILTER (WHERE l.is_main_role) AS purposes
        FROM schedule_lines(owner, NULL, NULL, moment, NULL, NULL, low, high) l
        GROUP BY l.holding_id, l.subject_id, l.category, l.system_id, l.used_at
        HAVING bool_and(l.due_at IS NOT NULL) AND max(l.due_at) <= moment AND NOT bool_or(l.is_in_use)
    ) d
    JOIN schedule_retentionrule r ON r.id = d.rule_id
    JOIN people_subject s ON s.client_id = owner AND s.id = d.subject_id
    WHERE s.erased_at IS NULL AND s.erasure_started_at IS NULL
        AND (low IS NULL OR s.id > low) AND (high IS NULL OR s.id <= high)
        AND CASE WHEN d.subject_id IN (
                SELECT o.subject_id FROM schedule_hold o
                WHERE o.client_id = owner AND o.lifted_at IS NULL AND o.subject_id IS NOT NULL
            ) OR EXISTS (
                SELECT FROM schedule_hold o WHERE o.client_id = owner AND o.lifted_at IS NULL AND o.subject_id IS NULL
            ) OR s.same_person IS NOT NULL THEN NOT schedule_is_held(owner, d.subject_id, d.category, d.system_id) ELSE true END
        AND NOT EXISTS (
            SELECT FROM consent_restriction x
            WHERE x.client_id = owner AND x.starts_at <= moment AND (x.ends_at IS NULL OR x.ends_at > moment)
                AND (x.purpose_code = '' OR x.purpose_code = ANY (d.purposes))
                AND (x.subject_id = s.id OR x.subject_id IN (
                    SELECT l.id FROM people_subject l
                    WHERE l.client_id = owner AND l.same_person = s.same_person
                ))
        )
$$;
