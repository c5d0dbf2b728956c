-- Returns true if data of a client can be shared, now or later, for one of these purposes with one of these data categories: the purpose is
-- in use and has a lawful basis, and the client has instructed it, or PakTaleem is controller or joint controller, or the law demands
-- it. An instruction need not name a recipient yet. Called by the services that announce recipients, in the context of
-- the client or of an officer.
CREATE OR REPLACE FUNCTION consent_may_reach(
    owner uuid, shared_purposes varchar [], shared_categories varchar [], moment timestamptz
) RETURNS boolean
LANGUAGE sql STABLE COST 10000
AS $$
    SELECT EXISTS (
        SELECT FROM consent_lawfulbasis b
        JOIN consent_purpose p ON p.id = b.purpose_id
        WHERE p.code = ANY (shared_purposes)
            AND b.client_id IN (owner, '01900000-0000-7000-8000-000000000001')
            AND (b.ends_at IS NULL OR b.ends_at > greatest(moment, b.starts_at))
            AND EXISTS (
                SELECT FROM consent_purpose u
                WHERE u.code = p.code AND u.is_active
                    AND u.client_id IN (owner, '01900000-0000-7000-8000-000000000001')
            )
            AND (
                b.basis = 'legal_obligation'
                OR EXISTS (
                    SELECT FROM consent_instruction i
                    WHERE i.client_id = owner AND p.code = ANY (i.purposes) AND i.categories && shared_categories
                        AND (i.ends_at IS NULL OR i.ends_at > greatest(moment, i.starts_at))
                )
                OR EXISTS (
                    SELECT FROM consent_purposecapacity c
                    JOIN consent_purpose q ON q.id = c.purpose_id
                    WHERE q.code = p.code AND c.capacity <> 'processor'
                        AND c.client_id IN (owner, '01900000-0000-7000-8000-000000000001')
                        AND (c.ends_at IS NULL OR c.ends_at > greatest(moment, c.starts_at))
                )
            )
    )
$$;
