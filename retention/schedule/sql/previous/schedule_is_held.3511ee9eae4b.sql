-- Returns whether an open hold covers data of a person, a category and a system. Called by selectors for the holdings that
-- are due, within a client's context or the officers'.
CREATE OR REPLACE FUNCTION schedule_is_held(owner uuid, person uuid, of_category text, of_system uuid) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT EXISTS (
        SELECT FROM schedule_hold o
        WHERE o.client_id = owner AND o.lifted_at IS NULL
            AND (o.subject_id = person OR o.subject_id IS NULL)
            AND o.category IN ('', of_category)
            AND (o.system_id IS NULL OR o.system_id = of_system)
    )
$$;
