-- Returns the lawful basis in force for the purpose with a code and a role, at a client and a time, leaving out one row;
-- NULL if there is none. Where PakTaleem is controller, only its own rows count. Called by trigger functions, within the
-- client's context.
CREATE OR REPLACE FUNCTION consent_basis_at(
    owner uuid, purpose_code text, person_role text, moment timestamptz, without uuid
) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT b.basis
    FROM consent_lawfulbasis b
    JOIN consent_purpose p ON p.id = b.purpose_id
    WHERE p.code = purpose_code
        AND b.role = person_role
        AND b.id <> without
        AND b.client_id IN (owner, '01900000-0000-7000-8000-000000000001')
        AND b.starts_at <= moment AND (b.ends_at IS NULL OR b.ends_at > moment)
        AND (
            b.client_id = '01900000-0000-7000-8000-000000000001'
            OR consent_capacity_at(owner, purpose_code, moment) <> 'controller'
        )
    ORDER BY b.client_id = owner DESC, b.starts_at DESC, b.id DESC
    LIMIT 1
$$;
