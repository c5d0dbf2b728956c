-- Returns whether an open hold covers data of a person, a category and a system. The hold of a record covers every record
-- of the same person. Called by selectors for the holdings that
-- are due, within a client's context or the officers'.
CREATE OR REPLACE FUNCTION schedule_is_held(owner uuid, person uuid, of_category text, of_system uuid) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT EXISTS (
        SELECT FROM schedule_hold o
        WHERE o.client_id = owner AND o.lifted_at IS NULL
            AND (o.subject_id = person OR o.subject_id IS NULL OR EXISTS (
                SELECT FROM people_subject s
                JOIN people_subject l ON l.client_id = s.client_id AND l.same_person = s.same_person
                WHERE s.client_id = owner AND s.id = person AND l.id = o.subject_id
            ))
            AND o.category IN ('', of_category)
            AND (o.system_id IS NULL OR o.system_id = of_system)
    )
$$;
