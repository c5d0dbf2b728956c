-- Returns what a decision needs to know about one person, as JSON: roles, age, erasure, whether the account is closed,
-- restrictions, objections, holds, ended retention periods, consents, and for people who may be under age their guardians (guardians_facts). NULL if the
-- person is not known. Now if asked_at is NULL, else as it was at that time, read from histories and events. mark is the
-- tombstone by which an erased person is found; the erasure is known at every time, also before it. 'linked' are the facts of the other records that are the same person
-- (consent_linked_facts), unless alone is true. The result is json, not jsonb: it is written once and never searched.
-- Called within a client's context.
CREATE OR REPLACE FUNCTION consent_subject_facts(
    person text, asked_at timestamptz, mark bytea DEFAULT NULL, alone boolean DEFAULT false
)
RETURNS json
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    owner uuid := tenancy_client();
    who record;
    erased timestamptz;
BEGIN
    SELECT s.id, s.role, s.other_roles, s.registered_at, s.erasure_started_at, s.erased_at, s.is_enabled,
        s.account_closed_at, s.of_age_at, s.of_age_threshold, s.country, s.same_person INTO who
    FROM people_subject s
    WHERE s.client_id = owner AND s.external_id = person;
    IF NOT FOUND AND mark IS NOT NULL THEN
        SELECT s.id, s.role, s.other_roles, s.registered_at, s.erasure_started_at, s.erased_at, s.is_enabled,
            s.account_closed_at, s.of_age_at, s.of_age_threshold, s.country, s.same_person INTO who
        FROM people_subject s
        WHERE s.client_id = owner AND s.tombstone = mark;
    END IF;
    IF who.id IS NULL THEN
        RETURN NULL;
    END IF;

    erased := who.erased_at;
    IF asked_at IS NOT NULL THEN
        SELECT h.id, h.role, h.other_roles, h.registered_at, h.erasure_started_at, h.is_enabled, h.account_closed_at,
            h.of_age_at, h.of_age_threshold, h.country, h.same_person INTO who
        FROM people_historicalsubject h
        WHERE h.client_id = owner AND h.id = who.id AND h.history_date <= asked_at
        ORDER BY h.history_date DESC, h.history_id DESC
        LIMIT 1;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    END IF;

    RETURN json_build_object(
        'id', who.id,
        'role', who.role,
        'other_roles', nullif(who.other_roles, '{}'),
        'registered_at', who.registered_at,
        'erasure_started_at', who.erasure_started_at,
        'erased_at', erased,
        'account_closed', NOT who.is_enabled OR who.account_closed_at IS NOT NULL,
        'of_age_at', who.of_age_at,
        -- An adult's of_age_at is this date; guardians are not read then.
        'child', CASE
            WHEN who.of_age_at IS DISTINCT FROM timestamptz '1970-01-01 00:00:00+00'
            THEN guardians_facts(who.id, asked_at)
        END,
        'of_age_threshold', who.of_age_threshold,
        'country', who.country,
        'restrictions', (
            SELECT json_agg(json_build_object(
                'id', r.id, 'purpose', r.purpose_code, 'starts_at', r.starts_at, 'ends_at', r.ends_at
            ))
            FROM consent_restriction r
            WHERE r.client_id = owner AND r.subject_id = who.id
        ),
        'objections', (
            SELECT json_agg(json_build_object(
                'id', o.id, 'purpose', o.purpose_code, 'starts_at', o.starts_at, 'ends_at', o.ends_at
            ))
            FROM consent_objection o
            WHERE o.client_id = owner AND o.subject_id = who.id
        ),
        'kept', (
            SELECT json_agg(json_build_object(
                'id', coalesce(f.source_id, f.id), 'kind', f.kind, 'category', f.category,
                'starts_at', f.starts_at, 'ends_at', f.ends_at
            ))
            FROM consent_retentionfact f
            WHERE f.client_id = owner AND (f.subject_id = who.id OR f.subject_id IS NULL)
                AND (asked_at IS NOT NULL OR f.ends_at IS NULL)
        ),
        'consents', CASE WHEN asked_at IS NULL THEN (
            SELECT json_agg(json_build_object(
                'purpose', c.purpose_id, 'event', c.event_id, 'state', c.state, 'recorded_at', c.recorded_at,
                'expires_at', c.expires_at, 'notice_version', c.notice_version, 'by', c.given_by,
                'guardian', c.guardian_id, 'informed_at', c.informed_at
            ))
            FROM consent_consent c
            WHERE c.client_id = owner AND c.subject_id = who.id
        ) ELSE (
            SELECT json_agg(json_build_object(
                'purpose', e.purpose_id, 'event', e.id, 'state', e.state, 'recorded_at', e.recorded_at,
                'expires_at', e.expires_at, 'notice_version', e.notice_version_id, 'by', e.given_by,
                'guardian', e.guardian_id, 'informed_at', coalesce(e.shown_at, e.claimed_at, e.recorded_at)
            ))
            FROM (
                SELECT DISTINCT ON (v.purpose_id) v.*
                FROM consent_consentevent v
                WHERE v.client_id = owner AND v.subject_id = who.id AND v.becomes_state AND v.recorded_at <= asked_at
                ORDER BY v.purpose_id, v.recorded_at DESC, v.id DESC
            ) e
        ) END,
        'linked', CASE WHEN who.same_person IS NOT NULL AND NOT alone
            THEN consent_linked_facts(who.id, who.same_person, asked_at)
        END
    );
END
$$;
