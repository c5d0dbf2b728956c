-- Returns PakTaleem's part (controller, joint_controller or processor) for the purpose with a code, at a client and a time: the client's
-- own row first, then the latest start; processor if none is set. Called by consent_basis_at and by trigger functions,
-- within the client's context.
CREATE OR REPLACE FUNCTION consent_capacity_at(owner uuid, purpose_code text, moment timestamptz) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT coalesce((
        SELECT c.capacity
        FROM consent_purposecapacity c
        JOIN consent_purpose p ON p.id = c.purpose_id
        WHERE p.code = purpose_code
            AND c.client_id IN (owner, '01900000-0000-7000-8000-000000000001')
            AND c.starts_at <= moment AND (c.ends_at IS NULL OR c.ends_at > moment)
        ORDER BY c.client_id = owner DESC, c.starts_at DESC, c.id DESC
        LIMIT 1
    ), 'processor')
$$;
