-- Trigger function: notes for each person of whom a fact changed that decisions read (consent_subject_facts).
CREATE OR REPLACE FUNCTION consent_note_subjects() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    INSERT INTO consent_subjectchange (id, client_id, xact, kind, subject_id, purpose_code, noted_at)
    SELECT gen_random_uuid(), n.client_id, pg_current_xact_id()::text::bigint,
        'subject', n.id, '', statement_timestamp()
    FROM changed n
    JOIN before b ON b.id = n.id
    WHERE (
        n.role, n.of_age_at, n.erased_at, n.of_age_threshold, n.registered_at, n.external_id, n.tombstone, n.country,
        n.is_enabled, n.account_closed_at, n.erasure_started_at, n.other_roles, n.same_person
    ) IS DISTINCT FROM (
        b.role, b.of_age_at, b.erased_at, b.of_age_threshold, b.registered_at, b.external_id, b.tombstone, b.country,
        b.is_enabled, b.account_closed_at, b.erasure_started_at, b.other_roles, b.same_person
    );
    RETURN NULL;
END
$$;
