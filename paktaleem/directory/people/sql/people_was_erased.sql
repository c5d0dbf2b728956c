-- Returns whether a client's person with this tombstone was erased. Called by the app and by staff limited to schools
-- before they register a person. SECURITY DEFINER, because limited staff do not see who was erased, and would register
-- an erased person again.
CREATE OR REPLACE FUNCTION people_was_erased(of_client uuid, wanted bytea) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM people_subject
        WHERE client_id = (SELECT tenancy_client()) AND client_id = of_client AND tombstone = wanted)
$$;

REVOKE ALL ON FUNCTION people_was_erased(uuid, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION people_was_erased(uuid, bytea) TO paktaleem_app, paktaleem_limited;
