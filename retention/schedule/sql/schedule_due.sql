-- Returns one row for each current holding: when it is due for disposal, and what speaks against it. While any purpose
-- needs the data in any role of the person, the longest period wins: "due_at" is the latest of its lines, and NULL if
-- one of them has no due date. "takes_part" is true if the proposed rule applies to it. The arguments are those of
-- schedule_lines. Called by selectors, within a client's context or the officers'.
CREATE OR REPLACE FUNCTION schedule_due(
    owner uuid, person uuid, of_category text, moment timestamptz, proposed jsonb, without uuid
) RETURNS TABLE (
    holding_id uuid, client_id uuid, subject_id uuid, category text, system_id uuid, used_at timestamptz,
    purposes text[], due_at timestamptz, is_in_use boolean, takes_part boolean
)
LANGUAGE sql STABLE
AS $$
    SELECT l.holding_id, l.client_id, l.subject_id, l.category, l.system_id, l.used_at,
        array_agg(l.purpose) FILTER (WHERE l.is_main_role),
        CASE WHEN bool_and(l.due_at IS NOT NULL) THEN max(l.due_at) END,
        bool_or(l.is_in_use),
        bool_or(l.rule_id IS NOT DISTINCT FROM (proposed ->> 'id')::uuid AND l.rule_id IS NOT NULL)
    FROM schedule_lines(owner, person, of_category, moment, proposed, without, NULL, NULL) l
    GROUP BY l.holding_id, l.client_id, l.subject_id, l.category, l.system_id, l.used_at
$$;
