-- When it is noted that decisions may change: write webhook messages in the same transaction.
CREATE TRIGGER tells_webhooks AFTER INSERT ON consent_registerchange
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION webhooks_tell_register();
CREATE TRIGGER tells_webhooks AFTER INSERT ON consent_subjectchange
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION webhooks_tell_changes();
