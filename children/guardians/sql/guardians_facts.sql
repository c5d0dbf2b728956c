-- Returns what a decision needs to know about a child, as JSON: whether the child is quarantined, the child's own
-- refusal, and its guardians (guardians_guardian_facts). NULL if there is nothing of the kind. Now if asked_at is
-- NULL, else as it was at that time. Called within a client's context.
CREATE OR REPLACE FUNCTION guardians_facts(person uuid, asked_at timestamptz) RETURNS json
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    owner uuid := tenancy_client();
    held boolean;
    own_no json;
    named json;
BEGIN
    held := EXISTS (
        SELECT FROM guardians_quarantine q
        WHERE q.client_id = owner AND q.subject_id = person
            AND CASE
                WHEN asked_at IS NULL THEN q.ends_at IS NULL
                ELSE q.starts_at <= asked_at AND (q.ends_at IS NULL OR q.ends_at > asked_at)
            END
    );

    SELECT json_build_object('id', a.id, 'decision', a.decision, 'recorded_at', a.recorded_at) INTO own_no
    FROM guardians_serviceauthorisation a
    WHERE a.client_id = owner AND a.child_id = person AND a.guardianship_id IS NULL
        AND (asked_at IS NULL OR a.recorded_at <= asked_at)
    ORDER BY a.recorded_at DESC, a.id DESC
    LIMIT 1;

    IF asked_at IS NULL THEN
        SELECT json_agg(guardians_guardian_facts(g, NULL)) INTO named
        FROM guardians_guardianship g
        WHERE g.client_id = owner AND g.child_id = person;
    ELSE
        SELECT json_agg(guardians_guardian_facts(g, asked_at)) INTO named
        FROM (
            SELECT DISTINCT ON (h.id)
                h.id, h.client_id, h.child_id, h.guardian_id, h.starts_at, h.ends_at, h.may_consent, h.court_order
            FROM guardians_historicalguardianship h
            WHERE h.client_id = owner AND h.child_id = person AND h.history_date <= asked_at
            ORDER BY h.id, h.history_date DESC, h.history_id DESC
        ) p
        CROSS JOIN LATERAL jsonb_populate_record(NULL::guardians_guardianship, to_jsonb(p)) g;
    END IF;

    IF NOT held AND own_no IS NULL AND named IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN json_build_object('quarantined', held, 'own_no', own_no, 'guardians', coalesce(named, '[]'::json));
END
$$;
