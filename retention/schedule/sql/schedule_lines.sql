-- Returns one line for each current holding and each purpose it is held for: the rule that applies, its trigger, and
-- when the period is over. A rule applies as in retention/schedule/resolution.py, a period is counted as in
-- retention/schedule/resolution.py. "due_at" is NULL without a rule and before the trigger; a holding for no purpose has
-- one line without a rule. A person of several roles has a line for each role: "is_main_role" is false for the others.
-- "is_in_use" is true if the data was collected or used after the trigger.
-- "years" are the school years of rosters and the learning platform; one that its source no longer lists counts only if
-- it had ended by then. The school year of data is the one in which it was last collected or used, or the next one. If
-- the schools of a client end their years on different days, the latest of these days counts.
-- "owner", "person" and "of_category" narrow the holdings, NULL: all that the role may see. "proposed" adds a rule that
-- is not saved yet, as a JSON object with the columns of a rule and the code of its purpose; "without" leaves a rule out.
-- "low" and "high" narrow the people to those after and up to an id. Both tables have the condition, so that a chunk of
-- people does not read all of them.
-- If a guardian of a child withdraws the service, the account and the agreement end for the child's data: the withdrawal
-- that is in effect starts the periods that count from them, and those of a withdrawn consent. A child's own refusal or
-- withdrawal does the same until a guardian consents after it.
-- An account that is used again keeps its data only if that was reported before the period was over: a closing whose
-- period ended first still counts for data that was not collected or used after it.
-- Called by schedule_due and by selectors, within a client's context or the officers'.
CREATE OR REPLACE FUNCTION schedule_lines(
    owner uuid, person uuid, of_category text, moment timestamptz, proposed jsonb, without uuid, low uuid,
    high uuid
) RETURNS TABLE (
    holding_id uuid, client_id uuid, subject_id uuid, category text, system_id uuid, used_at timestamptz, purpose text,
    rule_id uuid, counted_from text, triggered_at timestamptz, due_at timestamptz, is_in_use boolean,
    is_main_role boolean
)
LANGUAGE sql STABLE
AS $$
    WITH stored AS (
        SELECT r.id, r.client_id, r.category, p.code AS purpose, r.role, r.trigger, r.fixed_on, r.period, r.minimum,
            r.maximum, r.starts_at
        FROM schedule_retentionrule r
        JOIN consent_purpose p ON p.id = r.purpose_id
        WHERE r.starts_at <= moment AND (r.ends_at IS NULL OR r.ends_at > moment)
            AND (without IS NULL OR r.id <> without)
            AND (of_category IS NULL OR r.category = of_category)
        UNION ALL
        SELECT n.id, n.client_id, n.category, n.purpose, n.role, n.trigger, n.fixed_on, n.period, n.minimum, n.maximum,
            'infinity'
        FROM jsonb_to_record(coalesce(proposed, '{}')) AS n (
            id uuid, client_id uuid, category text, purpose text, role text, trigger text, fixed_on date, period text,
            minimum text, maximum text
        )
        WHERE n.id IS NOT NULL
    ), ranked AS (
        SELECT c.id AS client_id, c.time_zone, r.category, r.purpose, k.role, r.id, r.trigger, r.fixed_on, r.period,
            r.client_id = '01900000-0000-7000-8000-000000000001' AS is_shared, r.minimum, r.maximum, r.starts_at,
            r.role <> '' AS is_for_role
        FROM accounts_client c
        JOIN stored r ON r.client_id IN (c.id, '01900000-0000-7000-8000-000000000001')
        JOIN unnest('{student,learner,instructor,administrator,guardian}'::text[]) AS k (role) ON r.role IN ('', k.role)
        WHERE owner IS NULL OR c.id = owner
    ), applied AS (
        SELECT DISTINCT ON (a.client_id, a.category, a.purpose, a.role) a.*, b.minimum AS at_least, b.maximum AS at_most
        FROM ranked a
        LEFT JOIN (
            SELECT DISTINCT ON (s.client_id, s.category, s.purpose, s.role) s.client_id, s.category, s.purpose, s.role,
                s.minimum, s.maximum
            FROM ranked s
            WHERE s.is_shared
            ORDER BY s.client_id, s.category, s.purpose, s.role, s.is_for_role DESC, s.starts_at DESC
        ) b ON (b.client_id, b.category, b.purpose, b.role) = (a.client_id, a.category, a.purpose, a.role)
        ORDER BY a.client_id, a.category, a.purpose, a.role, a.is_shared, a.is_for_role DESC, a.starts_at DESC
    ), ended AS (
        SELECT g.client_id, max(g.ends_at) AS ended_at
        FROM consent_serviceagreement g
        WHERE g.signed_at <= moment AND (owner IS NULL OR g.client_id = owner)
        GROUP BY g.client_id
        HAVING bool_and(g.ends_at IS NOT NULL AND g.ends_at <= moment)
    ), answered AS (
        SELECT DISTINCT ON (v.client_id, v.child_id, v.guardian_id) v.client_id, v.child_id, v.guardian_id, v.decision,
            v.recorded_at
        FROM guardians_serviceauthorisation v
        LEFT JOIN guardians_guardianship g ON g.client_id = v.client_id AND g.id = v.guardianship_id
        JOIN people_subject b ON b.client_id = v.client_id AND b.id = v.child_id
            AND (b.of_age_at IS NULL OR b.of_age_at > moment)
        WHERE v.recorded_at <= moment AND (owner IS NULL OR v.client_id = owner)
            AND (v.guardian_id IS NULL OR (g.id IS NOT NULL AND (g.ends_at IS NULL OR g.ends_at > moment)))
            AND (person IS NULL OR v.child_id = person)
            AND (low IS NULL OR v.child_id > low) AND (high IS NULL OR v.child_id <= high)
        ORDER BY v.client_id, v.child_id, v.guardian_id, v.recorded_at DESC, v.id DESC
    ), stopped AS (
        SELECT a.client_id, a.child_id, greatest(
            a.withdrawn_at, CASE WHEN a.given_at IS NULL OR a.given_at < a.refused_at THEN a.refused_at END
        ) AS ended_at
        FROM (
            SELECT n.client_id, n.child_id,
                max(n.recorded_at) FILTER (WHERE n.decision = 'withdrawn' AND n.guardian_id IS NOT NULL) AS withdrawn_at,
                max(n.recorded_at) FILTER (WHERE n.guardian_id IS NULL) AS refused_at,
                max(n.recorded_at) FILTER (WHERE n.decision = 'given') AS given_at
            FROM answered n
            GROUP BY n.client_id, n.child_id
        ) a
    ), years AS (
        SELECT t.client_id, coalesce(t.starts_on, '-infinity') AS starts_on, t.ends_on
        FROM schools_term t
        JOIN accounts_client c ON c.id = t.client_id
        WHERE t.kind = 'school_year' AND t.ends_on IS NOT NULL AND (owner IS NULL OR t.client_id = owner)
            AND (t.ended_at IS NULL OR t.ends_on <= (t.ended_at AT TIME ZONE c.time_zone)::date)
    ), counted AS (
        SELECT h.id AS holding_id, h.client_id, h.subject_id, h.category, h.system_id,
            greatest(h.last_collected_at, h.last_activity_at) AS used_at, l.purpose, a.id AS rule_id, a.trigger,
            a.time_zone, a.period, a.at_least, a.at_most, s.is_main_role,
            CASE a.trigger
                WHEN 'account_closed' THEN least(coalesce(x.closed_at, s.account_closed_at), w.ended_at)
                WHEN 'agreement_ended' THEN least(e.ended_at, w.ended_at)
                WHEN 'consent_withdrawn' THEN coalesce((
                    SELECT CASE WHEN c.state = 'given' THEN c.expires_at ELSE c.recorded_at END
                    FROM consent_consent c
                    JOIN consent_purpose p ON p.id = c.purpose_id AND p.code = l.purpose
                    WHERE c.client_id = h.client_id AND c.subject_id = h.subject_id
                        AND (
                            c.state IN ('refused', 'withdrawn', 'revoked', 'expired', 'invalidated')
                            OR (c.state = 'given' AND c.expires_at <= moment)
                        )
                    ORDER BY c.recorded_at DESC
                    LIMIT 1
                ), w.ended_at)
                WHEN 'last_activity' THEN greatest(h.last_collected_at, h.last_activity_at)
                WHEN 'collected' THEN h.last_collected_at
                WHEN 'fixed_day' THEN a.fixed_on::timestamp AT TIME ZONE a.time_zone
                WHEN 'school_year_ended' THEN (
                    SELECT (max(y.ends_on) - 1)::timestamp AT TIME ZONE a.time_zone
                    FROM (
                        SELECT o.starts_on, o.ends_on, min(o.ends_on) OVER () AS first_end
                        FROM years o
                        WHERE o.client_id = h.client_id
                            AND o.ends_on > (
                                greatest(h.last_collected_at, h.last_activity_at) AT TIME ZONE a.time_zone
                            )::date
                    ) y
                    WHERE y.starts_on < y.first_end
                )
            END AS triggered_at
        FROM holdings_holding h
        JOIN (
            SELECT m.client_id, m.id, m.account_closed_at, m.role, true AS is_main_role FROM people_subject m
            UNION ALL
            SELECT o.client_id, o.id, o.account_closed_at, unnest(o.other_roles), false FROM people_subject o
            WHERE o.other_roles <> '{}'
        ) s ON s.client_id = h.client_id AND s.id = h.subject_id
        LEFT JOIN LATERAL jsonb_array_elements_text(h.purposes) AS l (purpose) ON true
        LEFT JOIN applied a
            ON (a.client_id, a.category, a.purpose, a.role) = (h.client_id, h.category, l.purpose, s.role)
        LEFT JOIN ended e ON e.client_id = h.client_id
        LEFT JOIN stopped w ON w.client_id = h.client_id AND w.child_id = h.subject_id
        LEFT JOIN LATERAL (
            SELECT min(c.happened_at) AS closed_at
            FROM people_subjectevent c
            CROSS JOIN LATERAL (SELECT (c.happened_at AT TIME ZONE a.time_zone)::date::timestamp AS day) d
            WHERE a.trigger = 'account_closed' AND c.kind = 'account_closed'
                AND c.client_id = h.client_id AND c.subject_id = h.subject_id
                AND c.happened_at >= greatest(h.last_collected_at, h.last_activity_at)
                AND (
                    SELECT min(o.recorded_at) FROM people_subjectevent o
                    WHERE o.client_id = h.client_id AND o.subject_id = h.subject_id AND o.kind = 'active'
                        AND o.happened_at >= c.happened_at
                ) >= greatest(c.recorded_at, (greatest(
                    least(d.day + a.period::interval, d.day + nullif(a.at_most, '')::interval),
                    d.day + nullif(a.at_least, '')::interval
                ) + interval '1 day') AT TIME ZONE a.time_zone)
        ) x ON true
        WHERE h.ended_at IS NULL
            AND (owner IS NULL OR h.client_id = owner)
            AND (person IS NULL OR h.subject_id = person)
            AND (of_category IS NULL OR h.category = of_category)
            AND (low IS NULL OR (h.subject_id > low AND s.id > low))
            AND (high IS NULL OR (h.subject_id <= high AND s.id <= high))
    )
    SELECT t.holding_id, t.client_id, t.subject_id, t.category, t.system_id, t.used_at, t.purpose, t.rule_id, t.trigger,
        t.triggered_at,
        (greatest(
            least(d.day + t.period::interval, d.day + nullif(t.at_most, '')::interval),
            d.day + nullif(t.at_least, '')::interval
        ) + interval '1 day') AT TIME ZONE t.time_zone,
        coalesce(t.trigger NOT IN ('last_activity', 'school_year_ended') AND t.used_at > t.triggered_at, false),
        t.is_main_role
    FROM counted t
    CROSS JOIN LATERAL (SELECT (t.triggered_at AT TIME ZONE t.time_zone)::date::timestamp AS day) d
$$;
