-- Trigger function of consent_subjectchange: notes a change of one record also for the other records that are the same
-- person, because their decisions read it (consent_linked_facts). A note of this kind is not noted again.
CREATE OR REPLACE FUNCTION consent_note_linked() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM added a
        JOIN people_subject s ON s.client_id = a.client_id AND s.id = a.subject_id AND s.same_person IS NOT NULL
        WHERE a.kind <> 'same_person'
    ) THEN
        RETURN NULL;
    END IF;
    INSERT INTO consent_subjectchange (id, client_id, xact, kind, subject_id, purpose_code, noted_at)
    SELECT gen_random_uuid(), a.client_id, a.xact, 'same_person', o.id, a.purpose_code, statement_timestamp()
    FROM added a
    JOIN people_subject s ON s.client_id = a.client_id AND s.id = a.subject_id AND s.same_person IS NOT NULL
    JOIN people_subject o ON o.client_id = s.client_id AND o.same_person = s.same_person AND o.id <> s.id
    WHERE a.kind <> 'same_person';
    RETURN NULL;
END
$$;
