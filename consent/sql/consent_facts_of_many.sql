-- Returns the same facts as consent_subject_facts for many people as they are now: a JSON array in the order of the
-- question, with null for a person who is not known. One query for all; called within a client's context.
CREATE OR REPLACE FUNCTION consent_facts_of_many(persons text[]) RETURNS json
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    owner uuid := tenancy_client();
BEGIN
    RETURN (
        SELECT coalesce(json_agg(CASE WHEN s.id IS NULL THEN NULL ELSE json_build_object(
            'id', s.id,
            'role', s.role,
            'other_roles', nullif(s.other_roles, '{}'),
            'registered_at', s.registered_at,
            'erasure_started_at', s.erasure_started_at,
            'erased_at', s.erased_at,
            'account_closed', NOT s.is_enabled OR s.account_closed_at IS NOT NULL,
            'of_age_at', s.of_age_at,
            -- An adult's of_age_at is this date; guardians are not read then.
            'child', CASE
                WHEN s.of_age_at IS DISTINCT FROM timestamptz '1970-01-01 00:00:00+00' THEN guardians_facts(s.id, NULL)
            END,
            'of_age_threshold', s.of_age_threshold,
            'country', s.country,
            'restrictions', (
                SELECT json_agg(json_build_object(
                    'id', r.id, 'purpose', r.purpose_code, 'starts_at', r.starts_at, 'ends_at', r.ends_at
                ))
                FROM consent_restriction r
                WHERE r.client_id = owner AND r.subject_id = s.id
            ),
            'objections', (
                SELECT json_agg(json_build_object(
                    'id', o.id, 'purpose', o.purpose_code, 'starts_at', o.starts_at, 'ends_at', o.ends_at
                ))
                FROM consent_objection o
                WHERE o.client_id = owner AND o.subject_id = s.id
            ),
            'kept', (
                SELECT json_agg(json_build_object(
                    'id', coalesce(f.source_id, f.id), 'kind', f.kind, 'category', f.category,
                    'starts_at', f.starts_at, 'ends_at', f.ends_at
                ))
                FROM consent_retentionfact f
                WHERE f.client_id = owner AND (f.subject_id = s.id OR f.subject_id IS NULL) AND f.ends_at IS NULL
            ),
            'consents', (
                SELECT json_agg(json_build_object(
                    'purpose', c.purpose_id, 'event', c.event_id, 'state', c.state, 'recorded_at', c.recorded_at,
                    'expires_at', c.expires_at, 'notice_version', c.notice_version, 'by', c.given_by,
                    'guardian', c.guardian_id, 'informed_at', c.informed_at
                ))
                FROM consent_consent c
                WHERE c.client_id = owner AND c.subject_id = s.id
            ),
            'linked', CASE WHEN s.same_person IS NOT NULL THEN consent_linked_facts(s.id, s.same_person, NULL) END
        ) END ORDER BY asked.place), '[]'::json)
        FROM unnest(persons) WITH ORDINALITY AS asked (person, place)
        LEFT JOIN LATERAL (
            SELECT * FROM people_subject t
            WHERE t.client_id = owner AND t.external_id = asked.person
            LIMIT 1
        ) s ON true
    );
END
$$;
