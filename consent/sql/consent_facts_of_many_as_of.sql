-- Returns the facts of many people as they were at a given time, as a JSON array in the order of the question: one
-- consent_subject_facts for each. marks are the tombstones by which erased people are found, or NULL.
-- Called within a client's context.
CREATE OR REPLACE FUNCTION consent_facts_of_many_as_of(persons text[], asked_at timestamptz, marks bytea[]) RETURNS json
LANGUAGE sql STABLE
AS $$
    SELECT coalesce(json_agg(consent_subject_facts(person, asked_at, mark) ORDER BY place), '[]'::json)
    FROM unnest(persons, marks) WITH ORDINALITY AS asked (person, mark, place)
$$;
