-- Returns what a decision needs to know about one guardian of a child, as JSON in the shape of
-- children.authority.Guardian. Now if asked_at is NULL, else as it was at that time. Called by guardians_facts.
--
-- Times that are still to come (ends, expiries) are returned and judged in Python. An answer based on a verification
-- that was found false is passed over, and the one before it counts; once_verified_at counts false verifications too,
-- so that finding one false never lifts a refusal (docs/decisions/0028).
CREATE OR REPLACE FUNCTION guardians_guardian_facts(g guardians_guardianship, asked_at timestamptz) RETURNS json
LANGUAGE sql STABLE
AS $$
    SELECT json_build_object(
        'id', g.id,
        'person', g.guardian_id,
        'starts_at', g.starts_at,
        'ends_at', g.ends_at,
        'may_consent', g.may_consent,
        'court_order', g.court_order,
        'erased_at', (
            SELECT s.erased_at FROM people_subject s WHERE s.client_id = g.client_id AND s.id = g.guardian_id
        ),
        'once_verified_at', (
            SELECT min(o.verified_at)
            FROM guardians_verification o
            WHERE o.client_id = g.client_id AND o.guardianship_id = g.id
                AND (asked_at IS NULL OR o.verified_at <= asked_at)
        ),
        'verified', coalesce((
            SELECT json_agg(json_build_object(
                'strength', v.strength, 'starts_at', v.verified_at, 'ends_at', v.expires_at
            ))
            FROM guardians_verification v
            WHERE v.client_id = g.client_id AND v.guardianship_id = g.id
                AND CASE
                    WHEN asked_at IS NULL THEN v.ended_at IS NULL
                    ELSE v.verified_at <= asked_at AND (v.ended_at IS NULL OR v.ended_at > asked_at)
                END
        ), '[]'::json),
        'answer', (
            SELECT json_build_object(
                'id', a.id, 'decision', a.decision, 'recorded_at', a.recorded_at,
                'shares', a.shares, 'expires_at', a.expires_at
            )
            FROM guardians_serviceauthorisation a
            WHERE a.client_id = g.client_id AND a.child_id = g.child_id AND a.guardianship_id = g.id
                AND (asked_at IS NULL OR a.recorded_at <= asked_at)
                AND NOT EXISTS (
                    SELECT FROM guardians_verification f
                    WHERE f.client_id = a.client_id AND f.id = a.verification_id
                        AND f.ended_at <= coalesce(asked_at, 'infinity')
                )
            ORDER BY a.recorded_at DESC, a.id DESC
            LIMIT 1
        )
    )
$$;
