-- Returns the schools to which this transaction is limited, and all schools below them.
-- The policies of the role paktaleem_limited compare the school of a class with it. It reads schools_school as its
-- caller, who sees every school of the client. Any role may call it; without a limit it raises insufficient_privilege.
CREATE OR REPLACE FUNCTION schools_of_limit() RETURNS uuid[]
LANGUAGE sql STABLE
AS $$
    WITH RECURSIVE below AS (
        SELECT unnest(tenancy_schools()) AS id
        UNION SELECT s.id FROM below b JOIN schools_school s
            ON s.client_id = (SELECT tenancy_client()) AND s.parent_id = b.id
    )
    SELECT array_agg(id) FROM below
$$;
