-- Returns how far a sandbox's clock is ahead; NULL for every other client, so that a page can tell a sandbox. It is
-- read with every context, in the same statement that opens it (paktaleem/foundation/tenancy/context.py), by the app and
-- by officers, and with the facts of a decision for a sandbox's key (consent_decision_facts). SECURITY DEFINER, because
-- the client's own row cannot be seen before its context is open.
CREATE OR REPLACE FUNCTION tenancy_clock_offset(of_client uuid) RETURNS interval
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT CASE WHEN is_sandbox THEN clock_offset END FROM accounts_client WHERE id = of_client
$$;

REVOKE ALL ON FUNCTION tenancy_clock_offset(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenancy_clock_offset(uuid) TO paktaleem_app, paktaleem_officer, paktaleem_limited;
