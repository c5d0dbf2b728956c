-- Before is_sandbox of a client changes: refuse.
CREATE TRIGGER sandbox_for_good BEFORE UPDATE ON accounts_client
    FOR EACH ROW WHEN (OLD.is_sandbox IS DISTINCT FROM NEW.is_sandbox)
    EXECUTE FUNCTION accounts_sandbox_for_good();
