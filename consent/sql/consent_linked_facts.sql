-- Returns the facts (consent_subject_facts) of the other records that are the same person, as a JSON array; NULL if there
-- are none. one_id is the record that is asked about, main_id the main record of the person (people_personmerge). Now if
-- asked_at is NULL, else those that were linked at that time. Erased records are left out: they hold nothing that could
-- be used, and no answer can be given for them any more. Called for linked records only, by consent_subject_facts and
-- consent_facts_of_many, within a client's context.
CREATE OR REPLACE FUNCTION consent_linked_facts(one_id uuid, main_id uuid, asked_at timestamptz)
RETURNS json
LANGUAGE sql STABLE
AS $$
    SELECT json_agg(consent_subject_facts(s.external_id, asked_at, s.tombstone, true) ORDER BY s.id)
    FROM people_subject s
    WHERE s.client_id = tenancy_client() AND s.id <> one_id AND (s.erased_at IS NULL OR s.erased_at > asked_at)
        AND CASE WHEN asked_at IS NULL THEN s.same_person = main_id ELSE s.id = main_id OR EXISTS (
            SELECT FROM people_personmerge m
            WHERE m.client_id = s.client_id AND m.main_id = consent_linked_facts.main_id AND m.other_id = s.id
                AND m.undoes_id IS NULL AND m.state = 'approved' AND m.settled_at <= asked_at
                AND NOT EXISTS (
                    SELECT FROM people_personmerge u
                    WHERE u.client_id = m.client_id AND u.undoes_id = m.id AND u.state = 'approved'
                        AND u.settled_at <= asked_at
                )
        ) END
$$;
