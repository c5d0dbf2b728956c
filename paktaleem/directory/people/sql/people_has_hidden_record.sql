-- Returns whether a person, who is shown to staff limited to schools, has another record that is not shown to them: one
-- that is the same person (docs/decisions/0101), in other schools. Called by these staff before acts that cover all
-- records of a person. SECURITY DEFINER, because they do not see the other record; it returns nothing else about it.
CREATE OR REPLACE FUNCTION people_has_hidden_record(of_client uuid, of_person uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM people_subject shown
        JOIN people_subject other ON other.client_id = shown.client_id AND other.same_person = shown.same_person
        WHERE shown.client_id = (SELECT tenancy_client()) AND shown.client_id = of_client AND shown.id = of_person
            AND shown.school_ids && (SELECT tenancy_schools())
            AND other.erased_at IS NULL AND NOT other.school_ids && (SELECT tenancy_schools()))
$$;

REVOKE ALL ON FUNCTION people_has_hidden_record(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION people_has_hidden_record(uuid, uuid) TO paktaleem_limited;
