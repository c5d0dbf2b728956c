-- When ledger entries are added: write the webhook messages of their events in the same transaction.
CREATE TRIGGER tells_webhooks AFTER INSERT ON audit_entry
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION webhooks_tell_entries();
