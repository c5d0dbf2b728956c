-- Trigger function of append-only tables: refuses UPDATE, DELETE and TRUNCATE, the owner's too.
--
-- One exception: evidence of a sandbox is deleted when the sandbox starts over (docs/decisions/0023). Three things
-- must hold at once: the statement is a DELETE, it runs as the owner inside sandbox_forget, and the client is a
-- sandbox. The ledger is not among what sandbox_forget deletes, and its entries are refused here too.
CREATE OR REPLACE FUNCTION tenancy_refuse_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP = 'DELETE'
        AND TG_LEVEL = 'ROW'
        AND TG_TABLE_NAME <> 'audit_entry'
        AND current_user = 'paktaleem_owner'
        AND current_setting('paktaleem.forgetting', true) = 'sandbox'
        AND EXISTS (SELECT FROM accounts_client WHERE id = tenancy_client() AND is_sandbox)
    THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'rows of % are evidence and are never changed', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
